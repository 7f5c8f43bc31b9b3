import type { ReleaseId } from "../../../shared/domain/ids.ts";
import { statusWords } from "../../../shared/domain/words.ts";
import { chatComplaints } from "../chat-judgement.ts";
import { deployFleet, foundFleet } from "../fleet.ts";
import { slowRollout } from "../rehearsal-config.ts";
import type { Scenario } from "../scenario.ts";
import type { Stage } from "../stage.ts";
import { pushUntil } from "./push-until.ts";

const retryAfterSeconds = 3;
const fleetSize = 12;
const failureSeenWithinMs = 30_000;
const usual = 0;

/** Slack's own bad days, and more releases than a channel takes messages. */
export const outageScenarios: readonly Scenario[] = [
  {
    name: "slack-down",
    story:
      "Slack is down from build to rollout: a bad release is taken back without asking, and told once when Slack is back.",
    expected: "rolled-back",
    live: "stable",
    usersMayFail: true,
    setting: { config: { rollout: slowRollout }, deadlineMs: 150_000 },
    play: async (stage) => {
      const { faults } = stage.channel.slack;
      faults.set("down");
      const releases = await pushUntil("v1.6.0", "release-rolled-back")(stage);
      const said = releases.flatMap((id) => stage.channel.roots(id));
      if (said.length > 0) throw new Error("something was said while Slack was down, so nothing was shown");
      faults.set("reply-lost");
      faults.clear("down");
      return releases;
    },
    check: (stage) => unstruck(stage),
  },
  {
    name: "slack-rate-limited",
    story:
      "Slack answers 429 with Retry-After, then takes one message a second: the wait is kept, and nothing is lost.",
    expected: "live",
    live: "candidate",
    setting: { deadlineMs: 150_000 },
    play: async (stage) => {
      const { faults } = stage.channel.slack;
      await quiet(stage);
      faults.set("one-message-a-second");
      faults.set("rate-limited", { count: 1, retryAfterSeconds });
      const struckAt = strike(stage);
      const releases = await pushUntil("v1.1.0", "release-live")(stage);
      const [id] = releases;
      if (id === undefined) return [];
      await stage.channel.until("that Slack limited the rate", () => struckAt() ?? undefined);
      await stage.channel.until("its message", () => stage.channel.roots(id)[0]);
      const waitedMs = firstSaidAt(stage) - (struckAt() ?? usual);
      if (waitedMs < retryAfterSeconds * 1_000)
        throw new Error(`the next message came ${waitedMs} ms after Slack asked for ${retryAfterSeconds} s`);
      return releases;
    },
    check: (stage, releases) => {
      const times = releases.flatMap((id) => [...stage.channel.roots(id), ...stage.channel.thread(id)]);
      const at = times.map(({ ts }) => Number(ts) * 1_000).toSorted((one, other) => one - other);
      const hasty = at.filter((time, index) => time - (at[index - 1] ?? usual) < 999);
      return [
        ...(hasty.length === 0 ? [] : [`${hasty.length} messages came within a second of the one before`]),
        ...unstruck(stage),
      ];
    },
  },
  {
    name: "burst-of-releases",
    story:
      "Thirteen services are released at once, and the channel takes one message a second: the one that failed is seen.",
    expected: "failed",
    live: "stable",
    setting: { deadlineMs: 240_000 },
    play: async (stage) => {
      const repositories = await foundFleet(stage, fleetSize);
      stage.channel.slack.faults.set("one-message-a-second");
      const fleet = await deployFleet(stage, repositories);
      const failed = await pushUntil("v1.3.0", "release-failed")(stage);
      for (const id of failed) await seenToFail(stage, id);
      for (const id of fleet) await stage.ended(id, "release-live");
      return failed;
    },
    check: async (stage, [failed]) => {
      const { channel, trail } = stage;
      if (failed === undefined) return ["there is no release"];
      const fleet = trail.events.flatMap((event) =>
        event.type === "release-requested" && event.release.repository.startsWith("perkie/team-")
          ? [event.releaseId]
          : [],
      );
      const alone = fleet.filter((id) => channel.roots(id).length > 0);
      const told = fleet.length - alone.length;
      await channel.until(`that ${told} are live`, () => (liveInDigests(stage) === told ? true : undefined));
      const digests = channel.digests();
      return [
        ...(channel.roots(failed).length === 1 ? [] : ["the release that failed has no message of its own"]),
        ...(told >= fleetSize / 2 ? [] : [`${alone.length} of ${fleet.length} had messages of their own`]),
        ...(digests.length <= 2 ? [] : [`there are ${digests.length} messages of many`]),
        ...((await isCounted(stage, failed)) && !digests.some(({ text }) => text.includes("1 failed"))
          ? ["none of many tells of the failure"]
          : []),
      ];
    },
  },
];

/** The failure has a message of its own soon, however much else is to be said. */
async function seenToFail({ channel, trail }: Stage, id: ReleaseId): Promise<void> {
  const { at } = await trail.first("release-failed", id);
  const { sentence } = statusWords.failed;
  await channel.until(`the failure of ${id}`, () =>
    channel.roots(id).find(({ text }) => text.includes(sentence)),
  );
  const afterMs = Date.now() - at;
  if (afterMs > failureSeenWithinMs) throw new Error(`the failure was seen only after ${afterMs} ms`);
}

/** How many releases the messages of many call live. */
function liveInDigests({ channel }: Stage): number {
  return channel.digests().reduce((sum, { text }) => sum + Number(/(\d+) live/.exec(text)?.[1] ?? 0), 0);
}

/** Waits until all is said of the release before, so that what follows strikes the one that is rehearsed. */
async function quiet(stage: Stage): Promise<void> {
  const before = stage.trail.events.findLast(({ type }) => type === "release-live");
  const wrong = before === undefined ? [] : await chatComplaints(stage, {}, [before.releaseId]);
  if (wrong.length > 0) throw new Error(wrong.join("; "));
}

/** When Slack first limited the rate; null = not yet. */
function strike({ channel }: Stage): () => number | null {
  let at: number | null = null;
  channel.slack.onChange(() => {
    if (!channel.slack.faults.isOn("rate-limited")) at ??= Date.now();
  });
  return () => at;
}

/** When the first message after the last one of the stage's own was said. */
function firstSaidAt({ channel, trail }: Stage): number {
  const last = trail.events.findLast(({ type }) => type === "release-requested");
  const [root] = last === undefined ? [] : channel.roots(last.releaseId);
  return Number(root?.ts ?? 0) * 1_000;
}

function unstruck({ channel }: Stage): readonly string[] {
  const { faults } = channel.slack;
  return (["reply-lost", "rate-limited"] as const).flatMap((fault) =>
    faults.isOn(fault) ? [`the fault ${fault} never struck, so nothing was shown`] : [],
  );
}

/** Whether the release is one of many in a message. One that failed before anything was said of it speaks for itself alone. */
async function isCounted({ gantry }: Stage, id: ReleaseId): Promise<boolean> {
  if (gantry.deps === null) return true;
  return (await gantry.deps.conversations.get(id))?.digest !== null;
}
