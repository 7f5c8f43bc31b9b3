import type { ReleaseId } from "../../../shared/domain/ids.ts";
import type { Scenario } from "../scenario.ts";
import type { Stage } from "../stage.ts";

const reason = "the colours of the preview are wrong";

/** People who decide in chat on a release that asks. */
export const approvalScenarios: readonly Scenario[] = [
  {
    name: "approval-granted",
    story: "The release asks in Slack; Maya, who may, clicks Approve: it gets traffic and goes live.",
    expected: "live",
    live: "candidate",
    play: async (stage) => {
      const [id] = await stage.push("v2.0.0");
      if (id === undefined) return [];
      await stage.channel.click("@maya", id, "approve");
      await stage.ended(id, "release-live");
      return [id];
    },
    check: (stage, releases) => releases.flatMap((id) => unapproved(stage, id, ["maya"])),
  },
  {
    name: "approval-rejected",
    story:
      "Maya clicks Reject and says why: the release ends without traffic, and the thread has the reason.",
    expected: "rejected",
    live: "stable",
    play: async (stage) => {
      const [id] = await stage.push("v2.0.0");
      if (id === undefined) return [];
      await stage.channel.reject("@maya", id, reason);
      await stage.ended(id, "release-rejected");
      return [id];
    },
    check: async (stage, [id]) => {
      if (id === undefined) return ["there is no release"];
      const { by } = await stage.trail.first("release-rejected", id);
      const isTold = stage.channel.thread(id).some(({ text }) => text.includes(reason));
      return [
        ...(by.name === "maya" && by.via === "slack"
          ? []
          : [`it was rejected by ${by.name} through ${by.via}`]),
        ...(isTold ? [] : ["the thread does not tell why it was rejected"]),
        ...withoutTraffic(stage, id),
      ];
    },
  },
];

/** What is wrong where these people, and only they, should have approved before the first traffic. */
function unapproved({ trail }: Stage, id: ReleaseId, approvers: readonly string[]): readonly string[] {
  const events = trail.of(id);
  const step = events.findIndex(({ type }) => type === "step-began");
  const given = events.flatMap((event, at) =>
    event.type === "approval-given" ? [{ name: event.by.name, at }] : [],
  );
  const names = given.map(({ name }) => name).join(", ");
  return [
    ...(names === approvers.join(", ") ? [] : [`${id} was approved by ${names || "nobody"}`]),
    ...(given.every(({ at }) => at < step) ? [] : [`${id} got traffic before it was approved`]),
  ];
}

/** What is wrong where a release should never have had traffic. */
function withoutTraffic({ trail }: Stage, id: ReleaseId): readonly string[] {
  return trail.of(id).some(({ type }) => type === "step-began") ? [`${id} got traffic`] : [];
}
