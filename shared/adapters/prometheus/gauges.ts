import { Gauge, type Registry } from "prom-client";
import { figuresDays, type Readings } from "../../ports/readings.ts";

const window = `in the last ${figuresDays} days`;

/** What is read from the store each time; the help texts are the definitions. */
const shown = {
  gantry_releases: {
    help: `Releases that were asked for ${window}, by the status that they have now.`,
    labelNames: ["service", "status"],
  },
  gantry_owed_work_overdue_seconds: {
    help: "How long the oldest work that Gantry owes is overdue; 0 = none is.",
    labelNames: [],
  },
  gantry_unsaid_overdue_seconds: {
    help: "How long the oldest thing to be said in chat, or told to GitHub, is overdue; 0 = none is.",
    labelNames: [],
  },
  gantry_dead_letters: {
    help: "Messages that were given up and that nobody replayed; 1,000 are counted at most.",
    labelNames: [],
  },
  gantry_queue_messages: {
    help: "Messages that wait for a handler or are being handled. On Google Cloud, Pub/Sub's own metrics tell.",
    labelNames: ["subscription"],
  },
  gantry_queue_overdue_seconds: {
    help: "How long the first message that waits could have been delivered.",
    labelNames: ["subscription"],
  },
  gantry_deployments: {
    help: `Deployments: releases asked for ${window} that got production traffic and are live, were live, were taken back or are held.`,
    labelNames: ["service"],
  },
  gantry_deployment_frequency_per_day: {
    help: `Deployment frequency: deployments a day ${window}.`,
    labelNames: ["service"],
  },
  gantry_lead_time_seconds: {
    help: `Lead time for changes: the median time from a commit (git's committer date) to its release being live, of deployments ${window}.`,
    labelNames: ["service"],
  },
  gantry_change_failure_ratio: {
    help: `Change failure rate: the share (0 to 1) of deployments ${window} that were taken back or are held.`,
    labelNames: ["service"],
  },
  gantry_recovery_time_seconds: {
    help: `Failed deployment recovery time: the median time from the first word of a failure to all traffic on what served before, of deployments ${window}.`,
    labelNames: ["service"],
  },
} as const;

type Name = keyof typeof shown;
type Labels = Readonly<Record<string, string>>;

/** The gauges of this registry; `show` takes the place of everything that was shown before. */
export function createGauges(registry: Registry): Readonly<{ show: (readings: Readings) => void }> {
  const gauges = new Map<Name, Gauge>();
  for (const name of namesOf(shown)) {
    const { help, labelNames } = shown[name];
    gauges.set(name, new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] }));
  }
  const set = (name: Name, value: number | null, labels: Labels = {}): void => {
    if (value !== null) gauges.get(name)?.set(labels, value);
  };
  const show = (readings: Readings): void => {
    for (const gauge of gauges.values()) gauge.reset();
    showState(readings, set);
    showFigures(readings, set);
  };
  return { show };
}

function namesOf(table: typeof shown): readonly Name[] {
  const isName = (name: string): name is Name => name in table;
  return Object.keys(table).filter(isName);
}

type Set = (name: Name, value: number | null, labels?: Labels) => void;

function showState({ at, releases, owedForMs, unsaidForMs, deadLetters, waiting }: Readings, set: Set): void {
  for (const { service, status, count } of releases) set("gantry_releases", count, { service, status });
  set("gantry_owed_work_overdue_seconds", seconds(owedForMs ?? 0));
  set("gantry_unsaid_overdue_seconds", seconds(unsaidForMs ?? 0));
  set("gantry_dead_letters", deadLetters);
  for (const { subscription, messages, readySince } of waiting ?? []) {
    set("gantry_queue_messages", messages, { subscription });
    set("gantry_queue_overdue_seconds", seconds(Math.max(0, at - readySince)), { subscription });
  }
}

/** What there is nothing to tell from is not shown: no release is no lead time of zero. */
function showFigures({ figures }: Readings, set: Set): void {
  for (const { service, deployments, perDay, leadMs, failureShare, recoveryMs } of figures) {
    set("gantry_deployments", deployments, { service });
    set("gantry_deployment_frequency_per_day", perDay, { service });
    set("gantry_lead_time_seconds", seconds(leadMs), { service });
    set("gantry_change_failure_ratio", failureShare, { service });
    set("gantry_recovery_time_seconds", seconds(recoveryMs), { service });
  }
}

function seconds(ms: number): number;
function seconds(ms: number | null): number | null;
function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}
