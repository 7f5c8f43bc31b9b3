import type { ChatAction } from "../../shared/domain/chat-buttons.ts";
import { chatActionOf } from "../../shared/domain/chat-buttons.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";
import { isTold } from "../../shared/domain/release-story.ts";
import { wordsOf } from "../../shared/domain/release-words.ts";
import type { ReleaseStatus } from "../../shared/domain/words.ts";
import { buttonsOf, keyOf } from "./deploy-channel.ts";
import { endOf } from "./end-events.ts";
import type { Scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";

/** A message is edited every three seconds at most, and a chat that was down is asked again within its longest pause. */
const saidWithinMs = 45_000;
const lookEveryMs = 50;

/** What people see in chat of releases that ended; waits until all is said. A Gantry of its own process has no chat. */
export async function chatComplaints(
  stage: Stage,
  { setting }: Pick<Scenario, "setting">,
  releases: readonly ReleaseId[],
): Promise<readonly string[]> {
  if (setting?.gantry === "child") return [];
  const since = performance.now();
  for (;;) {
    const found = releases.flatMap((id) => [...rootComplaints(stage, id), ...threadComplaints(stage, id)]);
    if (found.length === 0 || stage.signal.aborted || performance.now() - since > saidWithinMs) return found;
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

/** One message a release, which says how it ended and offers nothing that is over; a digest may speak for it. */
function rootComplaints({ channel, trail }: Stage, id: ReleaseId): readonly string[] {
  const [root, ...others] = channel.roots(id);
  if (others.length > 0) return [`${id} has ${others.length + 1} messages in the channel`];
  if (root === undefined) return channel.digests().length > 0 ? [] : [`${id} has no message in the channel`];
  const end = endOf(trail.of(id));
  if (end === null) return [];
  const { event, status } = end;
  const { sentence } = wordsOf({ status, failure: "failure" in event ? event.failure : null });
  const offered = buttonsOf(root).flatMap(({ action_id }) => chatActionOf(action_id ?? "") ?? []);
  const over = offered.filter((action) => !(stillOffered[status] ?? []).includes(action));
  return [
    ...(root.text.includes(sentence)
      ? []
      : [`the message of ${id} does not say that it ${sentence}: ${root.text}`]),
    ...over.map((action) => `the message of ${id}, which ${sentence}, still has a button to ${action}`),
  ];
}

/** Each fact that people are told is told in the thread, and once. */
function threadComplaints({ channel, trail }: Stage, id: ReleaseId): readonly string[] {
  if (channel.roots(id).length === 0) return [];
  const keys = channel.thread(id).map((message) => keyOf(message));
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
  const facts = trail.of(id).filter(({ type }) => isTold(type)).length;
  const missing = facts - new Set(keys).size;
  return [
    ...(twice.length === 0 ? [] : [`the thread of ${id} tells ${twice.join(", ")} more than once`]),
    ...(missing === 0 ? [] : [`the thread of ${id} tells ${new Set(keys).size} of ${facts} facts`]),
  ];
}

const stillOffered: Readonly<Partial<Record<ReleaseStatus, readonly ChatAction[]>>> = {
  live: ["rollBack"],
  held: ["rollBack"],
};
