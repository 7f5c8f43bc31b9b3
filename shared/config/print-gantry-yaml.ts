import { stringify } from "yaml";
import type { HttpCheck, ReleaseConfig } from "../domain/release-config.ts";
import { formatDuration, formatShare, formatSize } from "./units.ts";

type Plain = Readonly<Record<string, unknown>>;

/** The whole of a config as a `gantry.yaml` with no default left out; reading it again gives the same config. */
export function printGantryYaml(config: ReleaseConfig): string {
  const { service, source, build, runtime, approval, warmup, notify } = config;
  const file = {
    version: 1,
    service,
    source,
    build: given({
      config: build.config,
      timeout: formatDuration(build.timeoutMs),
      repository: build.repository,
      substitutions: build.substitutions,
    }),
    guardrails: guardrails(config),
    runtime: given(runtime),
    verify: verify(config),
    approval: {
      required: approval.required,
      from: approval.from,
      count: approval.count,
      author: approval.authorMayApprove,
      expires: formatDuration(approval.expiresMs),
    },
    rollout: rollout(config),
    warmup: warmup && {
      days: warmup.days,
      holidays: warmup.holidays,
      hours: `${warmup.from}..${warmup.to}`,
      zone: warmup.zone,
      lead: formatDuration(warmup.leadMs),
      mode: warmup.mode,
      instances: warmup.instances,
      path: warmup.path,
      every: formatDuration(warmup.everyMs),
    },
    notify: given(notify),
  };
  return stringify(given(file), { aliasDuplicateObjects: false, lineWidth: 0 });
}

function guardrails({ guardrails: rails }: ReleaseConfig): Plain {
  return given({
    gpu: rails.gpu,
    cpu: rails.cpu,
    memory: rails.memoryBytes === null ? null : formatSize(rails.memoryBytes),
    concurrency: rails.concurrency,
    instances: rails.instances,
    timeout: duration(rails.timeoutMs),
    executionEnvironment: rails.executionEnvironment,
    serviceAccount: rails.serviceAccount,
    ingress: rails.ingress,
    secrets: rails.secrets,
    probes: rails.probes && given(rails.probes),
  });
}

function verify({ verify: gate }: ReleaseConfig): Plain {
  const { coldStart } = gate;
  const expect = coldStart?.expectMs?.map(formatDuration).join("..") ?? null;
  return given({
    within: formatDuration(gate.withinMs),
    coldStart: coldStart && given({ within: formatDuration(coldStart.withinMs), expect }),
    memory: gate.memoryBelow === null ? null : { below: formatShare(gate.memoryBelow) },
    gpu: gate.gpu,
    startupLogs: gate.startupLogs ?? "ignore",
    checks: gate.checks.map(httpCheck),
  });
}

function httpCheck(check: HttpCheck): Plain {
  return given({
    name: check.name,
    [check.method.toLowerCase()]: check.path,
    headers: check.headers,
    body: check.body,
    status: check.status,
    json: check.json,
    answerHeaders: check.answerHeaders,
    within: formatDuration(check.withinMs),
    repeat: check.repeat,
  });
}

function rollout({ rollout: { steps, watch, bakeMs, onFailure } }: ReleaseConfig): Plain {
  const increase = watch.latencyIncrease === null ? null : formatShare(watch.latencyIncrease);
  return {
    steps: steps.map(({ percent, holdMs }) =>
      given({ traffic: `${percent}%`, hold: percent === 100 ? null : formatDuration(holdMs) }),
    ),
    watch: {
      every: formatDuration(watch.everyMs),
      errors: { max: formatShare(watch.maxErrorShare) },
      latency: given({ p95: duration(watch.latencyP95Ms), increase }),
    },
    bake: formatDuration(bakeMs),
    onFailure,
  };
}

function duration(milliseconds: number | null): string | null {
  return milliseconds === null ? null : formatDuration(milliseconds);
}

/** Without the keys that say nothing: null stands for a key that is not written. */
function given(section: Plain): Plain {
  return Object.fromEntries(Object.entries(section).filter(([, value]) => value !== null));
}
