import { expect } from "chai";
import { rollout } from "../../functions/rollout.ts";
import { type ApprovalStory, approvalId, approvalStory } from "../../test/support/approval-story.ts";
import { firstRelease, handOver } from "../../test/support/function-story.ts";
import { unavailable } from "../../test/support/recording-chat.ts";
import type { Policy } from "../domain/policy.ts";
import type { ReleaseStatus } from "../domain/words.ts";
import { topics } from "../ports/bus.ts";
import { execute } from "./execute.ts";
import { createDesk } from "./gantry-desk.ts";

type Row = Readonly<{
  it: string;
  approval?: string;
  policy?: Partial<Policy>;
  does: (story: ApprovalStory) => Promise<unknown>;
  status: ReleaseStatus;
  /** The events of refused decisions, each with a piece of what the clicker alone was told. */
  no?: readonly (readonly [event: string, told: string])[];
}>;

const onCall = 'required: true, from: ["@ml-oncall"], expires: 1h';
const second = 1_000;

const rows: readonly Row[] = [
  {
    it: "takes the yes of an approver whom the policy names",
    does: ({ click }) => click("U0MAYA", "approve"),
    status: "rolling-out",
  },
  {
    it: "takes the yes of a member of the user group",
    does: ({ click }) => click("U0LEE", "approve"),
    status: "rolling-out",
  },
  {
    it: "takes the no of an approver",
    does: ({ click }) => click("U0LEE", "reject", { reason: "too slow" }),
    status: "rejected",
  },
  {
    it: "refuses who is in another group of the policy",
    does: ({ click }) => click("U0JOE", "approve"),
    status: "awaiting-approval",
    no: [
      [
        "u0joe U0JOE slack approve not-an-approver",
        "You may not decide on background-removal v1.0.0. These may: @ml-oncall.",
      ],
    ],
  },
  {
    it: "refuses the no of who may not decide",
    does: ({ click }) => click("U0ZOE", "reject", { reason: "I do not like it" }),
    status: "awaiting-approval",
    no: [["u0zoe U0ZOE slack reject not-an-approver", "These may"]],
  },
  {
    it: "refuses the author, whom the policy knows by the login on GitHub",
    does: ({ click }) => click("U0ADA", "approve"),
    status: "awaiting-approval",
    no: [["ada U0ADA slack approve self-approval", "may not approve it yourself"]],
  },
  {
    it: "takes the yes of the author where the config says so",
    approval: `${onCall}, author: true`,
    does: ({ click }) => click("U0ADA", "approve"),
    status: "rolling-out",
  },
  {
    it: "takes the no of the author",
    does: ({ click }) => click("U0ADA", "reject", { reason: "my mistake" }),
    status: "rejected",
  },
  ...(
    [
      ["U0GUEST", "Guests of this workspace decide nothing"],
      ["U0GONE", "This account is deactivated"],
      ["U0BOT", "A bot decides nothing"],
      ["U0NOBODY", "Slack does not know this account"],
    ] as const
  ).flatMap(([id, told]) =>
    (["approve", "reject", "pause", "roll-back"] as const).map(
      (wanted): Row => ({
        it: `refuses to let ${id} ${wanted}, though the user group lists them`,
        does: ({ click }) => click(id, wanted),
        status: "awaiting-approval",
        no: [[`${id.toLowerCase()} ${id} slack ${wanted} not-a-member`, told]],
      }),
    ),
  ),
  {
    it: "refuses who calls themselves like an approver",
    does: async ({ chat, click }) => {
      chat.member("U0MALLORY", "member", "maya");
      await click("U0MALLORY", "approve");
    },
    status: "awaiting-approval",
    no: [["U0MALLORY U0MALLORY slack approve not-an-approver", "These may"]],
  },
  {
    it: "refuses who calls themselves like a group",
    does: async ({ chat, click }) => {
      chat.member("U0MALLORY", "member", "@ml-oncall");
      await click("U0MALLORY", "approve");
      await click("U0MALLORY", "pause");
    },
    status: "awaiting-approval",
    no: [
      ["@ml-oncall U0MALLORY slack approve not-an-approver", "These may"],
      ["@ml-oncall U0MALLORY slack pause not-allowed", "may look at"],
    ],
  },
  {
    it: "refuses when the time is over",
    does: async ({ clock, click }) => {
      await clock.advance(3_600_000);
      await click("U0MAYA", "approve");
    },
    status: "awaiting-approval",
    no: [["maya U0MAYA slack approve approval-expired", "The time to decide on"]],
  },
  ...[null, "", "an older plan"].map(
    (approval): Row => ({
      it: `refuses a button that is bound to ${JSON.stringify(approval)} and not to the request that stands`,
      does: async ({ click }) => {
        await click("U0MAYA", "approve", { approval });
        await click("U0MAYA", "reject", { approval });
      },
      status: "awaiting-approval",
      no: [
        ["maya U0MAYA slack approve approval-void", "decide again"],
        ["maya U0MAYA slack reject approval-void", "decide again"],
      ],
    }),
  ),
  {
    it: "takes the first of two decisions: approve, then reject",
    does: async ({ clock, click }) => {
      await click("U0MAYA", "approve");
      await clock.advance(second);
      await click("U0LEE", "reject");
    },
    status: "rolling-out",
    no: [["u0lee U0LEE slack reject no-approval-awaited", "was approved by <@U0MAYA>"]],
  },
  {
    it: "takes the first of two decisions: reject, then approve",
    does: async ({ clock, click }) => {
      await click("U0LEE", "reject", { reason: "no" });
      await clock.advance(second);
      await click("U0MAYA", "approve");
    },
    status: "rejected",
    no: [["maya U0MAYA slack approve no-approval-awaited", "was rejected by u0lee"]],
  },
  {
    it: "takes the no of a yes and a no at the same moment, whichever comes first",
    does: async ({ click }) => {
      await click("U0MAYA", "approve");
      await click("U0LEE", "reject", { reason: "no" });
    },
    status: "rolling-back",
  },
  {
    it: "takes the second of two clicks of one person for what it is",
    does: async ({ clock, click }) => {
      await click("U0MAYA", "approve");
      await clock.advance(second);
      await click("U0MAYA", "approve");
    },
    status: "rolling-out",
    no: [["maya U0MAYA slack approve no-approval-awaited", "the first decision counts"]],
  },
  {
    it: "refuses who left the user group before they clicked",
    does: async ({ chat, click }) => {
      chat.groups.set("oncall", ["U0ADA"]);
      await click("U0LEE", "approve");
    },
    status: "awaiting-approval",
    no: [["u0lee U0LEE slack approve not-an-approver", "These may"]],
  },
  {
    it: "takes who came to the user group after they were asked",
    does: async ({ chat, click }) => {
      chat.groups.set("oncall", ["U0ZOE"]);
      await click("U0ZOE", "approve");
    },
    status: "rolling-out",
  },
  {
    it: "takes nobody to be in a group that the chat does not answer for, but who is named by id",
    does: async ({ chat, click }) => {
      chat.fail("groupMembers", unavailable());
      await click("U0LEE", "approve");
      await click("U0MAYA", "approve"); // nobody has to be asked
    },
    status: "rolling-out",
    no: [
      [
        "u0lee U0LEE slack approve group-not-askable",
        "Slack could not be asked who is in @ml-oncall just now, so nothing was decided on v1.0.0 and nothing changed.",
      ],
    ],
  },
  {
    it: "does not say that somebody may not while it cannot be told, and decides when they click again",
    does: async ({ chat, click }) => {
      chat.fail("groupMembers", unavailable(), unavailable());
      await click("U0LEE", "reject");
      await click("U0LEE", "pause");
      await click("U0LEE", "reject");
    },
    status: "rejected",
    no: [
      ["u0lee U0LEE slack reject group-not-askable", "Next: gantry reject r-"],
      ["u0lee U0LEE slack pause group-not-askable", "Click again in a minute, or type gantry pause r-"],
    ],
  },
  {
    it: "takes nobody to be in a user group that there is not",
    does: async ({ chat, click }) => {
      chat.groups.clear();
      await click("U0LEE", "approve");
    },
    status: "awaiting-approval",
    no: [["u0lee U0LEE slack approve not-an-approver", "These may"]],
  },
  {
    it: "waits for the second of two",
    approval: `${onCall}, count: 2`,
    does: async ({ click }) => {
      await click("U0MAYA", "approve");
      await click("U0MAYA", "approve");
    },
    status: "awaiting-approval",
  },
  {
    it: "takes two of two",
    approval: `${onCall}, count: 2`,
    does: async ({ click }) => {
      await click("U0MAYA", "approve");
      await click("U0LEE", "approve");
    },
    status: "rolling-out",
  },
  {
    it: "takes one no after one of two said yes",
    approval: `${onCall}, count: 2`,
    does: async ({ click }) => {
      await click("U0MAYA", "approve");
      await click("U0LEE", "reject");
    },
    status: "rejected",
  },
  {
    it: "takes one person under two names in chat for one",
    approval: `${onCall}, count: 2`,
    does: async ({ chat, click }) => {
      await click("U0LEE", "approve");
      chat.member("U0LEE", "member", "lee the second");
      await click("U0LEE", "approve");
    },
    status: "awaiting-approval",
  },
];

describe("a click on a release that waits for approval", () => {
  for (const { it: what, approval, policy, does, status, no = [] } of rows)
    it(what, async () => {
      const story = await approvalStory(approval, policy);
      await does(story);
      expect(await story.status()).to.equal(status);
      expect(await story.refusals()).to.deep.equal(no.map(([event]) => event));
      expect(story.chat.whispers).to.have.length(no.length);
      for (const [index, [event, told]] of no.entries()) {
        const [, id] = event.split(" ");
        expect(story.chat.whispers[index]).to.include({ channel: "C0DEPLOYS", person: id, thread: null });
        expect(story.chat.whispers[index]?.text).to.include(told);
      }
      expect(story.chat.isWell).to.equal(true);
    });

  it("is noted with who, by which id, through what, and when", async () => {
    const { click, deps, clock } = await approvalStory();
    await click("U0MAYA", "approve");
    const events = (await deps.store.releaseEvents(firstRelease)).map(({ event }) => event);
    expect(events.find(({ type }) => type === "approval-given")).to.deep.equal({
      type: "approval-given",
      at: clock.now(),
      releaseId: firstRelease,
      by: { kind: "person", name: "maya", id: "U0MAYA", via: "slack" },
    });
  });

  it("keeps the reason of a rejection", async () => {
    const { click, deps } = await approvalStory();
    await click("U0MAYA", "reject", { reason: "p95 is *too* high" });
    expect((await deps.store.release(firstRelease))?.failure?.message).to.equal(
      "maya rejected v1.0.0: p95 is *too* high.",
    );
  });

  it("is told that the time is over also when the release was ended for it", async () => {
    const { click, chat, deps, clock, status, world } = await approvalStory();
    await clock.advance(3_600_000);
    const expire = { type: "expire-approval", at: clock.now(), releaseId: firstRelease } as const;
    const about = { service: world.service, cause: null, config: null, goesOnWith: () => false };
    await execute(deps, { ...about, command: expire });
    await click("U0MAYA", "approve");
    expect(await status()).to.equal("rejected");
    expect(chat.whispers[0]?.text).to.include("gantry deploy v1.0.0");
  });

  it("is nothing for a release that is not known any more, or is none", async () => {
    const { click, chat, refusals } = await approvalStory();
    await click("U0MAYA", "approve", { release: "release-unknown" });
    await click("U0MAYA", "approve", { release: "no release at all!" });
    expect(chat.whispers.map(({ text }) => text)).to.deep.equal(
      Array.from({ length: 2 }, () => "The release of this button is not known any more."),
    );
    expect(await refusals()).to.deep.equal([]);
  });

  it("is answered to a stranger of another workspace without asking who they are", async () => {
    const { hear, place, chat, status, refusals } = await approvalStory();
    const stranger = { kind: "stranger", why: "other-workspace", ...place("U0OTHER") } as const;
    await hear("slack/stranger/1", { ...stranger, wanted: null });
    expect(chat.calls).to.deep.equal(["whisper U0OTHER"]);
    expect(await status()).to.equal("awaiting-approval");
    expect(await refusals()).to.deep.equal([]);
  });

  it("of a stranger is on the record of the release, once, under no name that somebody here has", async () => {
    const { hear, place, deps, chat, status, refusals } = await approvalStory();
    const { user, ...rest } = place("U0MAYA");
    const wanted = { release: firstRelease, decision: "approve" } as const;
    const elsewhere = { ...user, name: "maya", team: "T0OTHER" };
    const stranger = { kind: "stranger", why: "other-workspace", user: elsewhere, wanted, ...rest } as const;
    for (let turn = 0; turn < 2; turn += 1) await hear("slack/stranger/1", stranger);
    expect(await refusals()).to.deep.equal([
      "U0MAYA of workspace T0OTHER undefined slack approve not-a-member",
    ]);
    expect(await status()).to.equal("awaiting-approval");
    expect(chat.whispers[0]?.text).to.include("nothing was decided");
    const unknown = { ...stranger, wanted: { ...wanted, release: "no release at all!" } };
    await hear("slack/stranger/2", unknown);
    expect(await refusals()).to.have.length(1);
    expect((await deps.store.release(firstRelease))?.approvedBy).to.deep.equal([]);
  });

  it("says how to reject where Slack opened no dialog", async () => {
    const { hear, place, chat } = await approvalStory();
    await hear("slack/1/unasked", { kind: "unasked", release: firstRelease, ...place("U0MAYA") });
    expect(chat.whispers[0]?.text).to.include(`gantry reject ${firstRelease}`);
  });
});

describe("a click that is delivered again", () => {
  it("is one decision, however often", async () => {
    const { click, deps, refusals } = await approvalStory(`${onCall}, count: 2`);
    for (let turn = 0; turn < 3; turn += 1) await click("U0MAYA", "approve", { key: "slack/1" });
    await click("U0LEE", "approve", { key: "slack/2" });
    for (let turn = 0; turn < 3; turn += 1) await click("U0LEE", "approve", { key: "slack/2" });
    const given = (await deps.store.releaseEvents(firstRelease)).filter(
      ({ event }) => event.type === "approval-given",
    );
    expect(given).to.have.length(2);
    expect(await refusals()).to.deep.equal([]);
  });

  it("is one refusal in the record, however often", async () => {
    const { click, refusals } = await approvalStory();
    for (let turn = 0; turn < 3; turn += 1) await click("U0ZOE", "approve", { key: "slack/1" });
    for (let turn = 0; turn < 3; turn += 1) await click("U0GUEST", "approve", { key: "slack/2" });
    expect(await refusals()).to.have.length(2);
  });

  it("cannot be replayed against a later request", async () => {
    const { click, deps, status, refusals } = await approvalStory();
    await createDesk(deps).reject({
      releaseId: firstRelease,
      by: { kind: "person", name: "maya", via: "api" },
      approvalId,
      reason: "",
    });
    await click("U0MAYA", "approve", { key: "slack/old" });
    expect(await status()).to.equal("rejected");
    expect(await refusals()).to.deep.equal(["maya U0MAYA slack approve no-approval-awaited"]);
  });

  it("comes again while the chat does not say who it was, and decides nothing until it does", async () => {
    const { click, chat, status } = await approvalStory();
    chat.fail("person", unavailable());
    const failed = await click("U0MAYA", "approve", { key: "slack/1" }).catch((error: unknown) => error);
    expect(String(failed)).to.include("The chat is down.");
    expect(await status()).to.equal("awaiting-approval");
    await click("U0MAYA", "approve", { key: "slack/1" });
    expect(await status()).to.equal("rolling-out");
  });

  it("stays decided where the clicker cannot be told, and is noted once", async () => {
    const { click, chat, refusals, lines } = await approvalStory();
    chat.fail("whisper", unavailable());
    await click("U0ZOE", "approve");
    expect(await refusals()).to.have.length(1);
    expect(lines.find(({ level }) => level === "warn")).to.include({ user: "U0ZOE" });
  });
});

describe("a click that pauses, resumes, promotes or rolls back", () => {
  async function rollingOut(): Promise<ApprovalStory> {
    const story = await approvalStory();
    await story.click("U0MAYA", "approve");
    await story.clock.advance(second);
    return story;
  }
  const verbs = ["pause", "resume", "promote", "roll-back"] as const;
  const after = {
    pause: "rolling-out",
    resume: "rolling-out",
    promote: "rolling-out",
    "roll-back": "rolling-back",
  } as const;
  const events = {
    pause: "rollout-paused",
    resume: "rollout-resumed",
    promote: "rollout-promoted",
    "roll-back": "rollback-began",
  } as const;

  for (const wanted of verbs) {
    for (const [id, who] of [
      ["U0ADA", "one of the policy's people, the author too"],
      ["U0LEE", "a member of the user group in a group of approvers"],
      ["U0JOE", "somebody in any group of approvers"],
    ] as const)
      it(`lets ${who} ${wanted}`, async () => {
        const story = await rollingOut();
        if (wanted === "resume") await story.click("U0MAYA", "pause");
        await story.click(id, wanted);
        expect(await story.status()).to.equal(after[wanted]);
        expect(await story.events(firstRelease)).to.include(events[wanted]);
        expect(await story.refusals()).to.deep.equal([]);
        expect(story.chat.whispers).to.deep.equal([]);
      });

    it(`refuses to let a member ${wanted} who does not stand in the policy`, async () => {
      const story = await rollingOut();
      await story.click("U0ZOE", wanted);
      expect(await story.status()).to.equal("rolling-out");
      expect(await story.refusals()).to.deep.equal([`u0zoe U0ZOE slack ${wanted} not-allowed`]);
      expect(story.chat.whispers[0]?.text).to.include(
        "so you may look at background-removal v1.0.0 but not act on it",
      );
    });
  }

  it("refuses what the state does not allow, and says why", async () => {
    const story = await approvalStory();
    for (const wanted of verbs) await story.click("U0MAYA", wanted);
    expect(await story.status()).to.equal("awaiting-approval");
    expect(await story.refusals()).to.deep.equal([
      "maya U0MAYA slack pause not-rolling-out",
      "maya U0MAYA slack resume not-rolling-out",
      "maya U0MAYA slack promote not-rolling-out",
      "maya U0MAYA slack roll-back nothing-to-roll-back-to",
    ]);
    expect(story.chat.whispers[3]?.text).to.include("v1.0.0 has no traffic of its own to take back now.");
  });

  it("rolls back the release that is live under its own button, once", async () => {
    const story = await rollingOut();
    await handOver(story, rollout, topics.work.rollout);
    expect(await story.status()).to.equal("live");
    for (let turn = 0; turn < 2; turn += 1)
      await story.click("U0JOE", "roll-back", { key: "slack/1", reason: "it leaks" });
    expect(await story.status()).to.equal("rolling-back");
    const began = (await story.events(firstRelease)).filter((type) => type === "rollback-began");
    expect(began).to.have.length(1);
  });
});
