import { expect } from "chai";
import { rollout } from "../../functions/rollout.ts";
import { approvalStory } from "../../test/support/approval-story.ts";
import { pubSubEvent, releaseRequest } from "../../test/support/function-harness.ts";
import { handOver } from "../../test/support/function-story.ts";
import { unavailable } from "../../test/support/recording-chat.ts";
import { topics } from "../ports/bus.ts";
import { admit } from "./admit.ts";
import { releaseIdFor } from "./release-id.ts";

const name = "gantry-test/europe-west1/background-removal";

async function frozenStory(policy: Parameters<typeof approvalStory>[1] = {}) {
  const story = await approvalStory(undefined, policy);
  const { deps, clock } = story;
  const open = async () => (await deps.freezes.open({ at: clock.now() })).map(({ services }) => services);
  const idOf = (text: string): string => /f-[0-9a-z]{8}/.exec(text)?.[0] ?? "";
  return { ...story, open, idOf };
}

describe("/gantry freeze", () => {
  it("stops a service in the name of who typed it, for the asker alone, and refuses what comes", async () => {
    const { type, open, deps, chat, finished } = await frozenStory();
    const said = await type("U0MAYA", "freeze on background-removal for 4h the *database* moves");
    expect(said).to.include(`${name} is frozen until Mon 5 Jan 2026 13:`).and.include("(f-");
    expect(said).to.include("1 release that was admitted before goes on: v1.0.0 of");
    expect(chat.whispers.at(-1)).to.include({ person: "U0MAYA" });
    expect(chat.messages).to.deep.equal([]);
    expect(await open()).to.deep.equal([name]);
    const request = releaseRequest({ requestId: "slack/9", explicit: true });
    await finished(admit(deps, pubSubEvent(topics.releases, request)));
    expect(await deps.store.refusal(releaseIdFor("slack/9"))).to.deep.include({ code: "frozen" });
    const list = await type("U0ZOE", "freeze");
    expect(list)
      .to.include(`${name}*: stands, from <!date^`)
      .and.include("the ∗database∗ moves (by maya, f-");
  });

  it("never stops a rollback, nor what was admitted", async () => {
    const story = await frozenStory();
    await story.type("U0MAYA", "freeze on all incident");
    await story.click("U0MAYA", "approve");
    await handOver(story, rollout, topics.work.rollout);
    expect(await story.status()).to.be.oneOf(["rolling-out", "live"]);
    await story.type("U0JOE", "rollback background-removal it leaks");
    expect(await story.status()).to.equal("rolling-back");
  });

  it("is one freeze, and one lifting, however often the command is delivered", async () => {
    const { type, open, deps } = await frozenStory();
    for (let turn = 0; turn < 2; turn += 1) await type("U0MAYA", "freeze on all incident", "slack/on");
    expect(await open()).to.deep.equal(["**"]);
    for (let turn = 0; turn < 2; turn += 1) await type("U0JOE", "freeze off all it is over", "slack/off");
    await type("U0MAYA", "freeze on all again", "slack/on/2");
    const late = await type("U0JOE", "freeze off all it is over", "slack/off");
    expect(late).to.match(/The freeze f-\w+ of every service is lifted by .*: it is over/);
    expect(await open()).to.deep.equal(["**"]);
    expect(await deps.freezes.newest({ limit: 9 })).to.have.length(2);
  });

  it("lifts what is set for one service, and names the id of what holds for more", async () => {
    const { type, open, idOf } = await frozenStory();
    const all = idOf(await type("U0MAYA", "freeze on all incident"));
    expect(await type("U0MAYA", "freeze off background-removal")).to.include(`/gantry freeze off ${all}`);
    await type("U0MAYA", "freeze on background-removal too");
    expect(await type("U0MAYA", "freeze off background-removal")).to.include(
      "It is not free yet: Every service",
    );
    expect(await open()).to.deep.equal(["**"]);
    expect(await type("U0MAYA", `freeze off ${all}`)).to.include("of every service is lifted by maya");
    expect(await open()).to.deep.equal([]);
    expect(await type("U0MAYA", "freeze list")).to.include("No service is frozen now.");
    expect(await type("U0MAYA", "freeze list all")).to.include("lifted by maya");
  });

  const nothing: readonly (readonly [string, string])[] = [
    ["freeze on other incident", "Gantry looks after no service"],
    ["freeze on <!channel> incident", "takes a service"],
    ["freeze on background-removal until 2026-01-01T00:00Z incident", "end before it begins"],
    ["freeze off background-removal", "there is none to lift"],
    ["freeze off all", "there is none to lift"],
    ["freeze off f-0a1b2c3d", "There is no freeze f-0a1b2c3d"],
  ];
  for (const [text, answer] of nothing)
    it(`${text}: ${answer}`, async () => {
      const { type, open } = await frozenStory();
      expect(await type("U0MAYA", text)).to.include(answer);
      expect(await open()).to.deep.equal([]);
    });

  it("asks for the same rights as a rollback, and does not say no while nobody can tell", async () => {
    const { type, open, chat, lines } = await frozenStory();
    expect(await type("U0ZOE", "freeze on all mischief")).to.include("so you may look but not act");
    chat.fail("groupMembers", unavailable());
    expect(await type("U0LEE", "freeze on all incident")).to.include(
      "Slack could not be asked just now who is in @ml-oncall, so Gantry does not know whether you may. Nothing was done",
    );
    expect(await open()).to.deep.equal([]);
    expect(lines.filter(({ message }) => message === "Refused to act for somebody in chat")).to.have.length(
      2,
    );
    expect(await type("U0LEE", "freeze on all incident")).to.include("Every service is frozen");
  });

  it("shows the windows of the policy, and that they are lifted there", async () => {
    const window = {
      kind: "once",
      name: "holidays",
      zone: "UTC",
      services: ["**"],
      from: "2026-02-01T00:00",
      to: "2026-02-02T00:00",
    } as const;
    const { type, clock } = await frozenStory({ freezes: [window] });
    expect(await type("U0ZOE", "freeze list all")).to.include("Every service*: does not stand now: holidays");
    await clock.advance(Date.UTC(2026, 1, 1, 12) - clock.now());
    expect(await type("U0ZOE", "freeze")).to.include("Every service*: stands until <!date^");
    expect(await type("U0MAYA", "freeze off all")).to.include("which only gantry.policy.yaml lifts");
  });
});
