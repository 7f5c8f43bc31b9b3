import type { SlackCore } from "../slack-core.ts";
import type { Channel, Person } from "../workspace.ts";

/** Who looks at which channel, and how. */
export type Reading = Readonly<{
  core: SlackCore;
  person: Person;
  channel: Channel;
  /** The thread that stands open beside the channel. */
  threadTs: string | null;
  /** Only messages before this one; null = the newest. */
  before: string | null;
  /** IANA name. */
  zone: string;
  nowMs: number;
}>;

/** The address of what somebody reads, with something of it changed. */
export function pageLink(
  { person, channel, threadTs }: Reading,
  changes: Readonly<{ channel?: string; thread?: string | null; before?: string }>,
): string {
  const thread = changes.thread === undefined ? threadTs : changes.thread;
  const query = new URLSearchParams({ user: person.id, channel: changes.channel ?? channel.id });
  if (thread !== null && changes.channel === undefined) query.set("thread", thread);
  if (changes.before !== undefined) query.set("before", changes.before);
  return `/?${query}`;
}
