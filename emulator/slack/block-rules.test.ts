import { expect } from "chai";
import { checkBlocks, checkModal } from "./block-rules.ts";
import { refusal, slackHarness } from "./testing/slack-harness.ts";

const plain = (text: string) => ({ type: "plain_text", text });
const mrkdwn = (text: string) => ({ type: "mrkdwn", text });
const button = (changes: object = {}) => ({ type: "button", text: plain("Go"), action_id: "go", ...changes });
const actions = (...elements: readonly object[]) => ({ type: "actions", elements });
const confirm = (changes: object = {}) => ({
  title: plain("Sure?"),
  text: mrkdwn("It moves traffic."),
  confirm: plain("Yes"),
  deny: plain("No"),
  ...changes,
});
const times = (count: number, make: (n: number) => object) =>
  Array.from({ length: count }, (_, n) => make(n));
const chars = (count: number) => "x".repeat(count);

/** Each limit: blocks that just keep it, blocks that just break it, and the place that Slack names. */
const limits: readonly (readonly [string, readonly object[], readonly object[], string])[] = [
  ["50 blocks", times(50, () => ({ type: "divider" })), times(51, () => ({ type: "divider" })), "/blocks]"],
  [
    "3000 characters in a section",
    [{ type: "section", text: mrkdwn(chars(3000)) }],
    [{ type: "section", text: mrkdwn(chars(3001)) }],
    "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
  ],
  [
    "10 fields",
    [{ type: "section", fields: times(10, () => mrkdwn("f")) }],
    [{ type: "section", fields: times(11, () => mrkdwn("f")) }],
    "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
  ],
  [
    "2000 characters in a field",
    [{ type: "section", fields: [mrkdwn(chars(2000))] }],
    [{ type: "section", fields: [mrkdwn(chars(2001))] }],
    "/blocks/0/fields/0/text]",
  ],
  [
    "150 characters in a header",
    [{ type: "header", text: plain(chars(150)) }],
    [{ type: "header", text: plain(chars(151)) }],
    "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
  ],
  [
    "10 elements in a context",
    [{ type: "context", elements: times(10, () => mrkdwn("c")) }],
    [{ type: "context", elements: times(11, () => mrkdwn("c")) }],
    "/blocks/0/elements]",
  ],
  [
    "25 actions",
    [actions(...times(25, (n) => button({ action_id: `a${n}` })))],
    [actions(...times(26, (n) => button({ action_id: `a${n}` })))],
    "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
  ],
  [
    "75 characters on a button",
    [actions(button({ text: plain(chars(75)) }))],
    [actions(button({ text: plain(chars(76)) }))],
    "/blocks/0/elements/0/text/text]",
  ],
  [
    "2000 characters of value",
    [actions(button({ value: chars(2000) }))],
    [actions(button({ value: chars(2001) }))],
    "/blocks/0/elements/0/value]",
  ],
  [
    "3000 characters of address",
    [actions(button({ url: chars(3000) }))],
    [actions(button({ url: chars(3001) }))],
    "/blocks/0/elements/0/url]",
  ],
  [
    "255 characters of action_id",
    [actions(button({ action_id: chars(255) }))],
    [actions(button({ action_id: chars(256) }))],
    "/blocks/0/elements/0/action_id]",
  ],
  [
    "255 characters of block_id",
    [{ type: "divider", block_id: chars(255) }],
    [{ type: "divider", block_id: chars(256) }],
    "/blocks/0/block_id]",
  ],
  ...(["title:100", "text:300", "confirm:30", "deny:30"] as const).map((limit) => {
    const [field = "", max = ""] = limit.split(":");
    const with_ = (length: number) => [
      actions(button({ confirm: confirm({ [field]: plain(chars(length)) }) })),
    ];
    const place = `/blocks/0/elements/0/confirm/${field}/text]`;
    return [
      `${max} characters of ${field} in a confirm dialog`,
      with_(+max),
      with_(+max + 1),
      place,
    ] as const;
  }),
];

describe("Block Kit rules", () => {
  for (const [name, kept, broken, place] of limits)
    it(`allow ${name} and no more`, () => {
      expect(checkBlocks(kept)).to.include({ ok: true });
      const checked = checkBlocks(broken);
      expect(checked.ok ? "" : checked.problems.join("\n")).to.contain(place);
    });

  const refused: readonly (readonly [string, object, string])[] = [
    ["an unknown block", { type: "billboard" }, "unsupported type: billboard [json-pointer:/blocks/0/type]"],
    [
      "a section without text",
      { type: "section" },
      "must define either `text` or `fields` [json-pointer:/blocks/0/type]",
    ],
    [
      "an empty text",
      { type: "section", text: mrkdwn("") },
      "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
    ],
    ["a header in mrkdwn", { type: "header", text: mrkdwn("x") }, "[json-pointer:/blocks/0/text/type]"],
    ["a missing field", { type: "header" }, "missing required field: text [json-pointer:/blocks/0]"],
    [
      "a field too many",
      { type: "divider", text: plain("x") },
      "invalid additional property: text [json-pointer:/blocks/0]",
    ],
    [
      "an action twice in a block",
      actions(button(), button()),
      "[json-pointer:/blocks/0/elements/1/action_id]",
    ],
  ];
  for (const [name, block, problem] of refused)
    it(`refuse ${name}`, () => {
      const checked = checkBlocks([block]);
      expect(checked.ok ? "" : checked.problems.join("\n")).to.contain(problem);
    });

  it("allow the same action in two blocks, and name what has no name", () => {
    const checked = checkBlocks([actions(button()), actions(button(), { type: "button", text: plain("B") })]);
    const ids = checked.ok ? checked.value.flatMap((block) => block.block_id ?? []) : [];
    expect(new Set(ids).size).to.equal(2);
  });

  it("ask a modal with an input for a submit button", () => {
    const input = { type: "input", label: plain("Why?"), element: { type: "plain_text_input" } };
    const modal = { type: "modal", title: plain("Reject"), blocks: [input] };
    const checked = checkModal(modal);
    expect(checked.ok ? "" : checked.problems[0]).to.contain("[json-pointer:/view/blocks/0/input]");
    expect(checkModal({ ...modal, submit: plain("Send") })).to.include({ ok: true });
  });

  it("reach the client with their places, and the sum of all blocks has a limit too", async () => {
    const { client, close } = await slackHarness();
    try {
      const blocks = [{ type: "header" as const, text: { type: "plain_text" as const, text: chars(151) } }];
      const { data } = await refusal(client.chat.postMessage({ channel: "#deploys", text: "x", blocks }));
      expect(data).to.include({ error: "invalid_blocks" });
      expect(data?.["response_metadata"]).to.have.deep.property("messages", [
        "[ERROR] failed to match all allowed schemas [json-pointer:/blocks/0/text]",
        "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]",
      ]);
      const large = times(5, () => ({ type: "section", text: mrkdwn(chars(2700)) }));
      const call = client.chat.postMessage({ channel: "#deploys", text: "x", blocks: large } as never);
      expect((await refusal(call)).data).to.include({ error: "msg_blocks_too_long" });
    } finally {
      await close();
    }
  });
});
