import { z } from "zod";
import type { ServiceEvent } from "../domain/events.ts";
import { guardedSettings } from "../domain/guardrails.ts";
import { parseServiceKey, type ServiceKey } from "../domain/ids.ts";
import { stageOf } from "../domain/owed.ts";
import { longestName } from "../domain/person-name.ts";
import type { FactTold } from "../domain/quiet-fact.ts";
import type { JsonValue } from "../domain/release-config.ts";
import type { Work } from "../domain/work.ts";
import { AppError } from "../ports/app-error.ts";
import { type OutgoingMessage, type PubSubEvent, topics } from "../ports/bus.ts";
import type { ReleaseRequest } from "./desk.ts";
import { longestRequestId } from "./release-id.ts";

/** A fact for anyone who subscribes to `gantry-events`. */
export function factOf(service: ServiceKey, event: ServiceEvent): OutgoingMessage {
  const data = asJson({ service, ...event });
  return {
    topic: topics.events,
    id: null,
    data,
    attributes: { service, release: event.releaseId, type: event.type },
  };
}

/** Hands work to the function whose stage it is. `occasion` tells calls for the same work apart. */
export function handOff(work: Work, occasion = "first"): OutgoingMessage {
  const { id, service } = work;
  const stage = stageOf[work.kind];
  const topic = stage === "sweep" ? topics.sweep : topics.work[stage];
  return {
    topic,
    id: `${id}#${occasion}`,
    data: { service, work: id },
    attributes: { service, kind: work.kind },
  };
}

/** Asks for a release. The request id makes any number of these one. */
export function requestMessage(request: ReleaseRequest): OutgoingMessage {
  return {
    topic: topics.releases,
    id: request.requestId,
    data: asJson(request),
    attributes: { repository: request.repository },
  };
}

const fact = z.object({
  releaseId: z.string(),
  type: z.string(),
  slice: z.number().exactOptional(),
  checks: z.array(z.object({ verdict: z.string() })).exactOptional(),
});
const chatCall = z.object({ conversation: z.string().min(1) });
const workCall = z.object({ service: z.string(), work: z.string() });
const warmupCall = z.object({ service: z.string().optional() });
const releaseRequest = z.object({
  requestId: z.string().min(1).max(longestRequestId),
  repository: z.string().max(1024),
  tag: z.string().min(1).max(256).nullable(),
  commit: z.string().nullable(),
  requestedBy: z.object({
    kind: z.enum(["person", "system"]),
    name: z.string().min(1).max(longestName),
    id: z.string().max(200).exactOptional(),
    via: z.enum(["slack", "api", "console", "github"]).exactOptional(),
  }),
  explicit: z.boolean(),
  despiteFreeze: z.string().min(1).max(500).exactOptional(),
  found: z.literal(true).exactOptional(),
  image: z.string().min(1).max(512).exactOptional(),
  allowChange: z
    .object({ settings: z.array(z.enum(guardedSettings)), reason: z.string().min(1).max(500) })
    .exactOptional(),
});
const buildNotice = z.object({
  id: z.string(),
  tags: z.array(z.string()).optional(),
  substitutions: z.record(z.string(), z.string()).optional(),
});

/** What a `gantry-<stage>` message calls for. Throws `message-invalid` for anything else. */
export function readWorkCall(event: PubSubEvent): Readonly<{ service: ServiceKey; work: string }> {
  const call = readMessage(event, workCall);
  const service = parseServiceKey(call.service);
  if (service === null) throw invalid(event, "service is no project/region/name");
  return { service, work: call.work };
}

/** The service that a `gantry-warmup` message names; null = every one, as the schedule asks. */
export function readWarmupCall(event: PubSubEvent): Readonly<{ service: ServiceKey | null }> {
  const call = readMessage(event, warmupCall);
  if (call.service === undefined) return { service: null };
  const service = parseServiceKey(call.service);
  if (service === null) throw invalid(event, "service is no project/region/name");
  return { service };
}

/** Asks for a look at one service, or at all of them (null). `occasion` makes any number of the same calls one. */
export function warmupCallMessage(service: ServiceKey | null, occasion: string): OutgoingMessage {
  const data = service === null ? {} : { service };
  return { topic: topics.warmup, id: `warmup#${service ?? "all"}#${occasion}`, data, attributes: {} };
}

/** The release that a fact on `gantry-events` is about, and what happened to it. */
export function readFact(event: PubSubEvent): FactTold & Readonly<{ releaseId: string }> {
  return readMessage(event, fact);
}

/** The conversation in which something is still to be said. */
export function readChatCall(event: PubSubEvent): Readonly<{ conversation: string }> {
  return readMessage(event, chatCall);
}

/** Says that something is still to be said. `occasion` tells calls for the same conversation apart. */
export function chatCallMessage(conversation: string, occasion: string): OutgoingMessage {
  return { topic: topics.notify, id: `${conversation}#${occasion}`, data: { conversation }, attributes: {} };
}

/** The request in a `gantry-releases` message, whoever published it. Throws `message-invalid` for anything else. */
export function readReleaseRequest(event: PubSubEvent): ReleaseRequest {
  return readMessage(event, releaseRequest);
}

/** The build that a `cloud-builds` message tells of: a hint to go and ask, never the truth. */
export function readBuildNotice(event: PubSubEvent): Readonly<{ id: string; tags: readonly string[] }> {
  const notice = readMessage(event, buildNotice);
  return { id: notice.id, tags: notice.tags ?? [] };
}

/** The message as this schema says. Throws `message-invalid` for anything else. */
export function readMessage<T>(event: PubSubEvent, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(decode(event));
  if (!parsed.success) throw invalid(event, z.prettifyError(parsed.error).replaceAll("\n", "; "));
  return parsed.data;
}

function decode(event: PubSubEvent): unknown {
  try {
    return JSON.parse(Buffer.from(event.data.message.data, "base64").toString("utf8"));
  } catch (cause) {
    throw invalid(event, "its data is not JSON", cause);
  }
}

function invalid(event: PubSubEvent, why: string, cause?: unknown): AppError {
  const message = `Message ${event.id} of ${event.source} cannot be read: ${why}.`;
  return new AppError({ code: "message-invalid", message, transient: false, cause });
}

function asJson(value: object): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
