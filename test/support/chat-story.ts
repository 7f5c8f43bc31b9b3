import type { ServiceEvent } from "../../shared/domain/events.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";
import type { ReleaseRecord } from "../../shared/domain/release-record.ts";
import { topics } from "../../shared/ports/bus.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import { notify, sayAgain } from "../../shared/usecases/notify.ts";
import {
  candidate,
  image,
  numberedService,
  plan,
  releaseBasics,
  releaseConfig,
  releaseId,
  releaseRecord,
  requested,
  revisionName,
  serviceState,
} from "./fixtures.ts";
import { functionHarness, pubSubEvent } from "./function-harness.ts";
import { RecordingChat } from "./recording-chat.ts";

/** An event about some release: whose it is and when it is are filled in. */
type Happening = {
  [K in ServiceEvent["type"]]: Omit<Extract<ServiceEvent, { type: K }>, "at" | "releaseId">;
}[ServiceEvent["type"]];

/** Releases of many services, to which things happen, before a chat that writes down what is said of them. */
export function chatStory(channel: string | null = "#deploys") {
  const harness = functionHarness();
  const chat = new RecordingChat();
  const deps: Deps = { ...harness.deps, chat };
  const { clock } = harness;
  const records = new Map<number, ReleaseRecord>();
  const idOf = (n: number): ReleaseId => releaseId(`release-${n}`);

  /** Something happens to the n-th release; nobody is told. */
  const occur = async (n: number, happening: Happening | null, changes: Partial<ReleaseRecord> = {}) => {
    const service = numberedService(n);
    const basics = releaseBasics({
      id: idOf(n),
      configHash: "config-1",
      plan: plan({ approval: { ...plan().approval, required: true, from: ["@ml-oncall"], count: 1 } }),
    });
    const record = {
      ...(records.get(n) ??
        releaseRecord({ ...basics, service, candidate: candidate(), stable: revisionName() })),
      ...changes,
    };
    records.set(n, record);
    const { version } = await deps.store.load(service);
    const at = clock.now();
    const event: ServiceEvent =
      happening === null ? requested(basics) : { ...happening, at, releaseId: basics.id };
    await deps.store.commit({
      service,
      expectedVersion: version,
      events: [event],
      state: serviceState({ key: service, active: null }),
      releases: [record],
      owed: [],
      configs: [{ hash: "config-1", config: releaseConfig({ notify: { slack: channel } }) }],
      messages: [],
      cause: null,
    });
  };

  const tell = (n: number, to: Deps = deps) =>
    notify(to, pubSubEvent(topics.events, { releaseId: idOf(n), type: "step-began" }));

  /** Something happens to the n-th release and the function that notifies hears of it. */
  const happen = async (...params: Parameters<typeof occur>) => {
    await occur(...params);
    await tell(params[0]);
  };

  /** The sweep as often as anything is due now. */
  const sweep = async (to: Deps = deps) => {
    for (let turn = 0; turn < 20; turn += 1) {
      const due = await deps.conversations.due({ now: clock.now(), limit: 1_000 });
      if (due.length === 0) return;
      for (const conversation of due) await sayAgain(to, pubSubEvent(topics.notify, { conversation }));
    }
    throw new Error("there is no end of what is due");
  };

  const later = async (ms: number, to: Deps = deps) => {
    await clock.advance(ms);
    await sweep(to);
  };

  /** Time passes until all is said. */
  const quiet = async (to: Deps = deps) => {
    for (let turn = 0; turn < 1_000; turn += 1) {
      const next = await deps.conversations.nextDueAt();
      if (next === null) return;
      await later(Math.max(0, next - clock.now()), to);
    }
    throw new Error("there is no end of what is to be said");
  };

  const of = (n: number) => deps.conversations.get(idOf(n));
  return { ...harness, deps, chat, occur, tell, happen, sweep, later, quiet, of, idOf };
}

export const waiting: Happening = {
  type: "approval-requested",
  approvalId: "approval-1",
  digest: image().digest,
  configHash: "config-1",
  from: ["@ml-oncall"],
  count: 1,
  expiresAt: Date.UTC(2026, 0, 5, 13),
};
