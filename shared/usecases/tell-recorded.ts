import { eventWords } from "../domain/event-words.ts";
import type { EventType, ServiceEvent } from "../domain/events.ts";
import type { ReleaseId, ServiceKey } from "../domain/ids.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import { latestStages, type ReleaseStage, stagesOf } from "../domain/release-stages.ts";
import { isEnd } from "../domain/words.ts";
import type { OutgoingMessage } from "../ports/bus.ts";
import { traceAttribute, traceOf, traceparent } from "../ports/tracing.ts";
import { releaseAttribute } from "./delivery.ts";
import type { Deps } from "./deps.ts";

/** Facts at which somebody should look up. */
const alarming: ReadonlySet<EventType> = new Set<EventType>([
  "preflight-failed",
  "guardrail-broken",
  "drift-found",
  "build-lost",
  "gate-failed",
  "watch-failed",
  "rollback-began",
  "release-held",
  "release-failed",
  "release-rolled-back",
]);

type Recorded = Readonly<{
  service: ServiceKey;
  events: readonly ServiceEvent[];
  records: readonly ReleaseRecord[]; // as of after the events
}>;

/** One line for each fact that was just recorded, a count, and, where a release ended with it, the spans of its stages. */
export async function tellRecorded(deps: Deps, { service, events, records }: Recorded): Promise<void> {
  for (const event of events) {
    const { releaseId, type } = event;
    const record = records.find(({ id }) => id === releaseId);
    const fields = { ...labelsOf(record), service, releaseId, event: type, what: eventWords(event) };
    if (alarming.has(type)) deps.log.warn(fields, "Recorded an event");
    else deps.log.info(fields, "Recorded an event");
    deps.meters.recorded({ service, type });
  }
  if (!deps.tracing.isOn) return;
  for (const record of records) {
    const hasEnded = isEnd(record.status) && record.endedAt === record.updatedAt;
    if (hasEnded && events.some(({ at, releaseId }) => releaseId === record.id && at === record.endedAt))
      await traceStages(deps, record);
  }
}

function labelsOf(record: ReleaseRecord | undefined) {
  const revision = record?.candidate?.revision;
  const deliveryId = record?.origin?.delivery;
  return {
    ...(revision === undefined ? {} : { revision }),
    ...(deliveryId === undefined ? {} : { deliveryId }),
  };
}

async function traceStages(deps: Deps, record: ReleaseRecord): Promise<void> {
  const { id: releaseId, service } = record;
  try {
    const events = await deps.store.releaseEvents(releaseId);
    noteStages(
      deps,
      record,
      events.map(({ event }) => event),
    );
  } catch (error) {
    deps.log.warn({ releaseId, service, err: String(error) }, "The stages of a release are not traced");
  }
}

/** The stages of a release that ended, and, at its first end, the span that stands for all of it. */
function noteStages({ tracing }: Deps, record: ReleaseRecord, events: readonly ServiceEvent[]): void {
  const { id, service, tag, failure, requestedAt, updatedAt } = record;
  const stages = stagesOf(service, events);
  const latest = latestStages(stages);
  const whole = traceOf(id);
  const attributes = { "gantry.releaseId": id, "gantry.service": service, "gantry.tag": tag };
  if (latest.length === stages.length)
    tracing.note({
      name: "release",
      place: whole,
      parent: null,
      from: requestedAt,
      to: updatedAt,
      failure: failure?.message ?? null,
      attributes: { ...attributes, "gantry.status": record.status },
    });
  for (const { status, from, to } of latest.filter(isOver))
    tracing.note({ name: status, place: null, parent: whole, from, to, failure: null, attributes });
}

function isOver(stage: ReleaseStage): stage is ReleaseStage & Readonly<{ to: number }> {
  return stage.to !== null;
}

/** The message as part of the trace of its release: under the step that publishes it, where that is about the same one. */
export function inTrace(deps: Deps, message: OutgoingMessage, releaseId: ReleaseId): OutgoingMessage {
  const whole = traceOf(releaseId);
  const here = deps.tracing.here();
  const place = here?.traceId === whole.traceId ? here : whole;
  const attributes = { [releaseAttribute]: releaseId, [traceAttribute]: traceparent(place) };
  return { ...message, attributes: { ...message.attributes, ...attributes } };
}
