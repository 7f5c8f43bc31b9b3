import { asking } from "../rehearsal-config.ts";
import type { Scenario } from "../scenario.ts";
import { hadTraffic, notApprovedBy, notAudited, notTold } from "./approval-evidence.ts";

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
    check: (stage, releases) => releases.flatMap((id) => notApprovedBy(stage, id, ["maya"])),
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
        ...(by.name === "maya" && by.via === "slack" ? [] : [`${by.name} rejected it through ${by.via}`]),
        ...(isTold ? [] : ["the thread does not tell why it was rejected"]),
        ...hadTraffic(stage, id),
      ];
    },
  },
  {
    name: "approval-expires",
    story:
      "Nobody answers within a minute: that is a no, the message loses its buttons, and a late click too.",
    expected: "rejected",
    live: "stable",
    setting: {
      config: { approval: { ...asking, expires: "1m" } },
      approvedBy: ["@maya"],
      deadlineMs: 180_000,
    },
    play: async (stage) => {
      const [id] = await stage.push("v1.1.0");
      if (id === undefined) return [];
      const seen = await stage.channel.button(id, "approve");
      await stage.ended(id, "release-rejected");
      const told = await stage.channel.clickSeen("@maya", seen);
      const wrong = notTold(told, "The time to decide on");
      if (wrong.length > 0) throw new Error(wrong.join("; "));
      return [id];
    },
    check: (stage, releases) =>
      releases.flatMap((id) => [
        ...hadTraffic(stage, id),
        ...notAudited(stage, id, { code: "no-approval-awaited", by: "maya" }),
      ]),
  },
  {
    name: "self-approval",
    story:
      "Robin, who pushed the tag, approves it herself: refused to her alone and audited; then Maya does.",
    expected: "live",
    live: "candidate",
    setting: {
      config: { approval: { ...asking, from: ["@ml-oncall", "robin"] } },
      approvedBy: ["@maya"],
      deadlineMs: 120_000,
    },
    play: async (stage) => {
      const [id] = await stage.push("v1.1.0");
      if (id === undefined) return [];
      const { channel, trail } = stage;
      await channel.click("@robin", id, "approve");
      await trail.first("decision-refused", id);
      await channel.until("a refusal to robin", () => channel.whispers("@robin").at(-1));
      await channel.click("@maya", id, "approve");
      await stage.ended(id, "release-live");
      return [id];
    },
    check: (stage, releases) => {
      const { channel } = stage;
      const told = channel.whispers("@robin").at(-1) ?? "";
      const others = ["@maya", "@lee"].filter((person) => channel.whispers(person).length > 0);
      return [
        ...notTold(told, "may not approve it yourself"),
        ...others.map((person) => `${person} was told of it too`),
        ...releases.flatMap((id) => notApprovedBy(stage, id, ["maya"])),
        ...releases.flatMap((id) => notAudited(stage, id, { code: "self-approval", by: "robin" })),
      ];
    },
  },
];
