import { z } from "zod";
import { type OutgoingMessage, type PubSubEvent, topics } from "../ports/bus.ts";
import { readMessage } from "./messages.ts";

const user = z.object({ id: z.string(), name: z.string(), team: z.string() });
const place = { user, channel: z.string(), thread: z.string().nullable() };

const decision = z.enum(["approve", "reject", "pause", "resume", "promote", "roll-back"]);
/** What a stranger's click asked for, for the record; null = nothing of a release. */
const wanted = z.object({ release: z.string(), decision }).nullable().default(null);

const click = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("decision"),
    decision,
    release: z.string(),
    approval: z.string().nullable(),
    reason: z.string().max(3_000),
    ...place,
  }),
  z.object({ kind: z.literal("unasked"), release: z.string(), ...place }), // the dialog that asks why did not open
  z.object({ kind: z.literal("stranger"), why: z.enum(["other-workspace", "other-app"]), wanted, ...place }),
  z.object({ kind: z.literal("command"), text: z.string().max(4_000), ...place }),
]);

const keyed = z.object({ key: z.string().min(1).max(500), click });

/** What somebody clicked or typed in chat, as the hook that verified it hands it on. */
export type Click = Readonly<z.infer<typeof click>>;

/** `key` is the same for the same click, and different for any other. */
export type KeyedClick = Readonly<{ key: string; click: Click }>;

/** The same click any number of times is one message where the bus can keep that; elsewhere the key travels with it. */
export function clickMessage(keyedClick: KeyedClick): OutgoingMessage {
  return { topic: topics.commands, id: keyedClick.key, data: keyedClick, attributes: {} };
}

export function readClick(event: PubSubEvent): KeyedClick {
  return readMessage(event, keyed);
}
