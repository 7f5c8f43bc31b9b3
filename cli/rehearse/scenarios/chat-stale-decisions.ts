import type { Delivery } from "../../../emulator/slack/app-delivery.ts";
import type { ReleaseId } from "../../../shared/domain/ids.ts";
import { deployMovedTag } from "../moved-tag.ts";
import { asking } from "../rehearsal-config.ts";
import type { Scenario } from "../scenario.ts";
import type { Stage } from "../stage.ts";
import { hadTraffic, notApprovedBy, notAudited, notTold, refusal } from "./approval-evidence.ts";

/** How long it is looked whether a replayed click does anything after all. */
const noEffectMs = 1_500;

/** Decisions that come again, too late, or on something else than was asked. */
export const staleDecisionScenarios: readonly Scenario[] = [
  {
    name: "approval-replayed",
    story:
      "An approval is sent again, as it was and under another release's name, while the next release asks: nothing.",
    expected: "live+rejected",
    live: "candidate",
    setting: { config: { approval: asking }, approvedBy: ["@maya"], deadlineMs: 120_000 },
    play: async (stage) => {
      const { channel, trail } = stage;
      const [first] = await stage.push("v1.1.0");
      if (first === undefined) return [];
      const seen = await channel.click("@maya", first, "approve");
      const [clicked] = channel.slack.deliveries();
      const { approvalId } = await trail.first("approval-requested", first);
      await stage.ended(first, "release-live");
      const [second] = await stage.push("v1.8.0");
      if (second === undefined || clicked === undefined) return [first];
      await trail.first("approval-requested", second);
      await replayed(stage, clicked, [first, second]);
      demand(notTold(await channel.clickSeen("@maya", seen), "the first decision counts"));
      const code = "approval-void";
      await refusal(stage, `/releases/${second}/approve`, { body: { approvalId }, code });
      await channel.reject("@maya", second, "that was enough");
      await stage.ended(second, "release-rejected");
      return [first, second];
    },
    check: (stage, [first, second]) =>
      first === undefined || second === undefined
        ? ["there are not two releases"]
        : [
            ...notApprovedBy(stage, first, ["maya"]),
            ...notAudited(stage, first, { code: "no-approval-awaited", by: "maya" }),
            ...notAudited(stage, second, { code: "approval-void", by: "rehearsal" }),
            ...hadTraffic(stage, second),
          ],
  },
  {
    name: "plan-changed-after-approval",
    story:
      "One of two approvals is given; then the tag is deployed with another plan: the old button and approval are void.",
    expected: "superseded+live",
    live: "candidate",
    setting: {
      config: { approval: { ...asking, count: 2 } },
      approvedBy: ["@maya", "@lee"],
      deadlineMs: 120_000,
    },
    play: async (stage) => {
      const { channel, trail } = stage;
      const [old] = await stage.push("v1.1.0");
      if (old === undefined) return [];
      const seen = await channel.click("@maya", old, "approve");
      const { approvalId } = await trail.first("approval-requested", old);
      await trail.first("approval-given", old);
      const edit = (config: string) => config.replace("traffic: 20%", "traffic: 50%");
      const id = await deployMovedTag(stage, { tag: "v1.1.0", edit });
      await stage.ended(old, "release-superseded");
      await trail.first("approval-requested", id);
      demand(notTold(await channel.clickSeen("@lee", seen), "waits for no approval"));
      await refusal(stage, `/releases/${id}/approve`, { body: { approvalId }, code: "approval-void" });
      demand(trail.of(id).some(({ type }) => type === "approval-given") ? ["the old approval counts"] : []);
      for (const person of ["@maya", "@lee"]) await channel.click(person, id, "approve");
      await stage.ended(id, "release-live");
      return [old, id];
    },
    check: (stage, [old, id]) =>
      old === undefined || id === undefined
        ? ["there are not two releases"]
        : [
            ...hadTraffic(stage, old),
            ...notApprovedBy(stage, id, ["maya", "lee"]),
            ...notAudited(stage, old, { code: "no-approval-awaited", by: "lee" }),
          ],
  },
  {
    name: "fails-while-waiting",
    story:
      "Somebody tries the candidate while it waits, and it goes bad: it fails, and a late Approve is refused.",
    expected: "failed",
    live: "stable",
    setting: { config: { approval: asking }, approvedBy: ["@maya"], deadlineMs: 120_000 },
    play: async (stage) => {
      const { channel, trail } = stage;
      const [id] = await stage.push("v1.6.0");
      if (id === undefined) return [];
      const { candidate } = await trail.first("candidate-deployed", id);
      const { approvalId } = await trail.first("approval-requested", id);
      const seen = await channel.button(id, "approve");
      stage.trouble();
      for (let time = 0; time < 5; time += 1) await fetch(`${candidate.url}/health`);
      await stage.ended(id, "release-failed");
      demand(notTold(await channel.clickSeen("@maya", seen), "waits for no approval"));
      const code = "no-approval-awaited";
      await refusal(stage, `/releases/${id}/approve`, { body: { approvalId }, code });
      return [id];
    },
    check: (stage, releases) =>
      releases.flatMap((id) => [
        ...hadTraffic(stage, id),
        ...notAudited(stage, id, { code: "no-approval-awaited", by: "maya" }),
      ]),
  },
];

/** Sends the identical payload again and looks whether anything comes of it. */
async function replayed(stage: Stage, click: Delivery, releases: readonly ReleaseId[]): Promise<void> {
  const count = () => releases.reduce((sum, id) => sum + stage.trail.of(id).length, 0);
  const before = count();
  await stage.channel.replay(click);
  await new Promise((resolve) => setTimeout(resolve, noEffectMs));
  demand(count() === before ? [] : ["a click that was sent again had an effect"]);
}

function demand(wrong: readonly string[]): void {
  if (wrong.length > 0) throw new Error(wrong.join("; "));
}
