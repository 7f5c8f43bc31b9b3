import { z } from "zod";
import type { PubSubEvent } from "../../ports/bus.ts";
import { type TopicPlace, topicOf } from "./topic-path.ts";

/** What a push brought over HTTP. Header names are in lower case; `body` is parsed JSON, undefined where it is none. */
export type PushRequest = Readonly<{
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  path: string;
  body: unknown;
}>;

/** A message as it came. `topic` in Gantry's own words; `attempt` is 1-based, null where Pub/Sub does not count. */
export type Push = Readonly<{ event: PubSubEvent; topic: string | null; attempt: number | null }>;

export type ReadPush = Readonly<{ ok: true; push: Push } | { ok: false; why: string }>;

const eventType = "google.cloud.pubsub.topic.v1.messagePublished";

/** Pub/Sub writes each name in two ways, and an event that functions-framework made of a push has one of them. */
const messageShape = z.object({
  data: z
    .string()
    .nullish()
    .transform((data) => data ?? ""),
  attributes: z
    .record(z.string(), z.string())
    .nullish()
    .transform((attributes) => attributes ?? {}),
  messageId: z.string().optional(),
  message_id: z.string().optional(),
  publishTime: z.string().optional(),
  publish_time: z.string().optional(),
});

const bodyShape = z.object({
  message: messageShape,
  subscription: z.string().optional(),
  deliveryAttempt: z.int().min(0).nullish(),
});

const structuredShape = z.object({
  specversion: z.string(),
  id: z.string().min(1),
  type: z.string(),
  source: z.string(),
  time: z.string().optional(),
  data: bodyShape,
});

type Body = z.output<typeof bodyShape>;

/** What the envelope says beside the body; null = the body has to. */
type Envelope = Readonly<{ id: string | null; source: string | null; time: string | null }>;

/**
 * Reads a push: the CloudEvent of Eventarc in binary or structured mode, the event that functions-framework makes of a push,
 * and the plain push of a subscription alike (https://cloud.google.com/pubsub/docs/push#receive_push,
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md). Empty data is data.
 */
export function readPush(request: PushRequest, place: TopicPlace): ReadPush {
  if (request.body === undefined) return { ok: false, why: "its body is not JSON" };
  const structured = structuredShape.safeParse(request.body);
  if (structured.success) {
    const { id, type, source, time, data } = structured.data;
    return assemble(request, { place, type, body: data, envelope: { id, source, time: time ?? null } });
  }
  const body = bodyShape.safeParse(request.body);
  if (!body.success)
    return { ok: false, why: `it is no push: ${z.prettifyError(body.error).replaceAll("\n", "; ")}` };
  const isBinary = header(request, "ce-specversion") !== null;
  const type = isBinary ? header(request, "ce-type") : eventType;
  const envelope = isBinary
    ? {
        id: header(request, "ce-id"),
        source: header(request, "ce-source"),
        time: header(request, "ce-time"),
      }
    : { id: null, source: null, time: null };
  return assemble(request, { place, type, body: body.data, envelope });
}

type Parts = Readonly<{ place: TopicPlace; type: string | null; body: Body; envelope: Envelope }>;

function assemble(request: PushRequest, { place, type, body, envelope }: Parts): ReadPush {
  if (type !== eventType)
    return { ok: false, why: `it is an event of the type ${JSON.stringify(type)}, not of ${eventType}` };
  const { data, attributes, messageId, message_id, publishTime, publish_time } = body.message;
  const id = messageId ?? message_id ?? envelope.id;
  if (!id) return { ok: false, why: "its message has no id" };
  const time = publishTime ?? publish_time ?? envelope.time ?? "";
  const named = topicIn(envelope.source ?? "") ?? topicIn(request.path);
  const topic = named === null ? null : topicOf(named.id, place);
  const project = named?.project ?? place.project;
  const event: PubSubEvent = {
    specversion: "1.0",
    id,
    type: eventType,
    source: `//pubsub.googleapis.com/projects/${project}/topics/${topic ?? named?.id ?? ""}`,
    time,
    datacontenttype: "application/json",
    data: {
      message: { data, attributes, messageId: id, publishTime: time },
      subscription: body.subscription ?? "",
    },
  };
  return { ok: true, push: { event, topic, attempt: body.deliveryAttempt || null } };
}

/** In the source of an event, and in the path that a push endpoint is given so that the topic is known. */
function topicIn(text: string): Readonly<{ project: string; id: string }> | null {
  const found = /projects\/([^/?#]+)\/topics\/([^/?#]+)/.exec(text);
  return found?.[1] && found[2] ? { project: found[1], id: found[2] } : null;
}

function header({ headers }: PushRequest, name: string): string | null {
  const value = headers[name];
  const text = typeof value === "string" ? value : value?.[0];
  return text ? text : null;
}
