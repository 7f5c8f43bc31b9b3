import { expect } from "chai";
import fc from "fast-check";
import { HostileSlack, type Mishap } from "../../../test/support/hostile-slack.ts";
import { AppError } from "../../ports/app-error.ts";
import { createSlackChat } from "./slack-chat.ts";

const settings = { timeoutMs: 1000, retries: 2, retryMs: 1, settleMs: 1, lookBackMs: 3_600_000 };
const clock = { now: () => Date.now(), sleep: async () => undefined };
const signal = new AbortController().signal;
const content = { text: "v1.8.0 is live.", blocks: [] };

const done = fc.boolean();
const mishap: fc.Arbitrary<Mishap> = fc.oneof(
  fc.record({ kind: fc.constant("reset" as const), done }),
  fc.record({ kind: fc.constant("cut" as const), done }),
  fc.record({
    kind: fc.constant("text" as const),
    text: fc.constantFrom("", "{", "<html>", '{"ok":true}'),
    done,
  }),
  fc.record({ kind: fc.constant("status" as const), status: fc.constantFrom(500, 502, 503, 504), done }),
  fc.record({ kind: fc.constant("status" as const), status: fc.constant(429) }),
  fc.record({ kind: fc.constant("error" as const), code: fc.constantFrom("ratelimited", "not_in_channel") }),
);
const mishaps = fc.array(mishap, { maxLength: 4 });

describe("postMessage()", () => {
  const slack = new HostileSlack();
  let apiUrl = "";
  before(async () => {
    apiUrl = await slack.start();
  });
  after(() => slack.stop());

  /** Tries until it is told where the message stands, each time as another process would. */
  const postUntilTold = async (thread: string | null) => {
    let triedSince: number | null = null;
    for (let count = 0; count < 30; count += 1) {
      const chat = createSlackChat({ apiUrl, token: () => "xoxb-1", clock, settings });
      const post = { channel: "deploys", thread, broadcast: false, key: "r-1/a", content, signal };
      try {
        return await chat.post({ ...post, triedSince });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        if (error.context["done"] !== "no") triedSince ??= Date.now(); // what is certainly not done is not looked for
      }
    }
    throw new Error("it never came to an end");
  };

  it("says a thing once, however the answers get lost and whoever tries again", async () => {
    const trouble = fc.record({
      posts: mishaps,
      looks: mishaps,
      names: mishaps,
      own: mishaps,
      inThread: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(trouble, async ({ posts, looks, names, own, inThread }) => {
        slack.reset();
        const thread = inThread ? slack.place({}) : null;
        slack.next("chat.postMessage", ...posts);
        slack.next(inThread ? "conversations.replies" : "conversations.history", ...looks);
        slack.next("conversations.list", ...names);
        slack.next("auth.test", ...own);
        const place = await postUntilTold(thread);
        const keyed = slack.messages.filter(({ metadata }) => metadata !== null);
        expect(keyed.map(({ ts }) => ts)).to.deep.equal([place.ts]);
      }),
      { numRuns: 25 },
    );
  });
});
