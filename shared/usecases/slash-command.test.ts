import { expect } from "chai";
import { rollout } from "../../functions/rollout.ts";
import { approvalStory } from "../../test/support/approval-story.ts";
import { pubSubEvent } from "../../test/support/function-harness.ts";
import { firstRelease, handOver } from "../../test/support/function-story.ts";
import { topics } from "../ports/bus.ts";
import { readReleaseRequest } from "./messages.ts";
import { slashCommand } from "./slash-command.ts";

describe("/gantry", () => {
  const name = "gantry-test/europe-west1/background-removal";

  it("answers the asker alone", async () => {
    const { type, chat } = await approvalStory();
    await type("U0ZOE", "status");
    expect(chat.whispers).to.have.length(1);
    expect(chat.whispers[0]).to.include({ channel: "C0DEPLOYS", person: "U0ZOE", thread: null });
    expect(chat.messages).to.deep.equal([]);
  });

  const said: readonly (readonly [string, string, string])[] = [
    ["U0ZOE", "", `*${name}*: nothing of Gantry's is live; v1.0.0 waits for approval`],
    ["U0ZOE", " Status ", `*${name}*`],
    ["U0ZOE", "status background-removal", `*${name}*`],
    ["U0ZOE", "status nothing-of-ours", "Gantry has no service of that name"],
    ["U0ZOE", "freeze", "No service is frozen now."],
    ["U0ZOE", "help", "/gantry deploy TAG"],
    ["U0ZOE", "constructor", "/gantry deploy TAG"],
    ["U0ZOE", "deploy", "Type /gantry deploy TAG"],
    ["U0ZOE", "deploy v1.1.0 perkie/background-removal", "so you may look but not act"],
    ["U0ZOE", "rollback background-removal", "so you may look but not act"],
    ["U0ZOE", "rollback", "Type /gantry rollback SERVICE"],
    ["U0MAYA", "rollback other", "Type /gantry rollback SERVICE"],
    ["U0MAYA", "rollback background-removal", "Next: gantry rollback"],
    ["U0MAYA", "deploy v1.1.0", "Type /gantry deploy TAG [OWNER/REPOSITORY]"],
    [
      "U0MAYA",
      "deploy v1.1.0 perkie/background-removal",
      "v1.1.0 is asked for: https://gantry.test/releases/",
    ],
    ["U0LEE", "deploy v1.1.0 perkie/background-removal", "v1.1.0 is asked for"],
    ["U0GUEST", "status", "Only members of this workspace may ask Gantry."],
    ["U0NOBODY", "deploy v1.1.0 perkie/background-removal", "Only members of this workspace may ask Gantry."],
  ];
  for (const [id, text, answer] of said)
    it(`${text} from ${id}: ${answer}`, async () => {
      const { type, published, status } = await approvalStory();
      expect(await type(id, text)).to.include(answer);
      expect(published.some(({ topic }) => topic === topics.releases)).to.equal(
        answer.includes("is asked for"),
      );
      expect(await status()).to.equal("awaiting-approval");
    });

  it("asks for one release however often the command is delivered, in the name of who typed it", async () => {
    const { type, published } = await approvalStory();
    for (let turn = 0; turn < 2; turn += 1)
      await type("U0ADA", "deploy v1.1.0 perkie/background-removal", "slack/T/U/1.2.3/gantry");
    const [first, again] = published.filter(({ topic }) => topic === topics.releases);
    expect(first).to.deep.equal(again);
    expect(first).to.deep.include({ id: "slack/T/U/1.2.3/gantry" });
    expect(Object(first?.data).requestedBy).to.deep.equal({
      kind: "person",
      name: "ada",
      id: "U0ADA",
      via: "slack",
    });
  });

  it("asks for another release by another command, however long the ids of Slack's are", async () => {
    const { type, published } = await approvalStory();
    for (const trigger of ["1", "1", "2"])
      await type("U0ADA", "deploy v1.1.0 perkie/background-removal", `slack/${"T".repeat(250)}/${trigger}`);
    const requests = published.filter(({ topic }) => topic === topics.releases);
    for (const { data } of requests) readReleaseRequest(pubSubEvent(topics.releases, data));
    expect(new Set(requests.map(({ id }) => id))).to.have.property("size", 2);
  });

  it("rolls back once however often the command is delivered, and notes who was refused", async () => {
    const story = await approvalStory();
    await story.click("U0MAYA", "approve");
    await handOver(story, rollout, topics.work.rollout);
    await story.type("U0ZOE", "rollback background-removal because");
    expect(await story.refusals()).to.deep.equal(["u0zoe U0ZOE slack roll-back not-allowed"]);
    for (let turn = 0; turn < 2; turn += 1)
      await story.type("U0JOE", "rollback background-removal it leaks", "slack/1");
    expect(await story.status()).to.equal("rolling-back");
    expect((await story.deps.store.release(firstRelease))?.failure?.message).to.include(
      "rolled v1.0.0 back: it leaks.",
    );
  });

  it("names as many services as a message takes", async () => {
    const story = await approvalStory();
    const [known] = await story.deps.store.services();
    if (known === undefined) throw new Error("there is no service");
    const store = Object.assign(Object.create(null), {
      services: async () => Array.from({ length: 200 }, () => known),
    });
    const by = { kind: "person", name: "zoe", id: "U0ZOE", via: "slack" } as const;
    const { text, blocks } = await slashCommand(
      { ...story.deps, store },
      { ask: { verb: "status", service: null }, by, cause: "1" },
    );
    expect(JSON.stringify(blocks[0]).length).to.be.below(3_000);
    expect(text).to.match(/… and \d+ more: https:\/\/gantry.test$/);
  });
});
