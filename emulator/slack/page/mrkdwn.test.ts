import { expect } from "chai";
import { startSlack } from "../start-slack.ts";
import { formatDate, knownZone } from "./date-markup.ts";
import { parseMrkdwn } from "./mrkdwn.ts";

const at = Date.UTC(2026, 0, 5, 9, 0, 0);

describe("Slack's markup", () => {
  const kinds: readonly (readonly [string, string, readonly object[]])[] = [
    ["bold", "*a*", [{ kind: "bold", pieces: [{ kind: "text", text: "a" }] }]],
    ["italic", "_a_", [{ kind: "italic", pieces: [{ kind: "text", text: "a" }] }]],
    ["strike", "~a~", [{ kind: "strike", pieces: [{ kind: "text", text: "a" }] }]],
    ["a name with underscores as text", "a_b_c", [{ kind: "text", text: "a_b_c" }]],
    ["a product as text", "2 * 3 * 4", [{ kind: "text", text: "2 * 3 * 4" }]],
    ["code without markup in it", "`*a* &lt;`", [{ kind: "code", text: "*a* <" }]],
    ["a fence", "```\nline <https://a.example|x>```", [{ kind: "fence", text: "line x" }]],
    ["entities", "&lt;a&gt; &amp;amp;", [{ kind: "text", text: "<a> &amp;" }]],
    [
      "links",
      "<https://a.example/?b=1&amp;c=2|d>",
      [{ kind: "link", url: "https://a.example/?b=1&c=2", text: "d" }],
    ],
    ["a script that wants to be a link as text", "<javascript:alert(1)|d>", [{ kind: "text", text: "d" }]],
    ["people", "<@U0MAYA000>", [{ kind: "user", id: "U0MAYA000", text: "U0MAYA000" }]],
    ["groups", "<!subteam^S1|@g>", [{ kind: "group", id: "S1", text: "@g" }]],
    ["the whole channel", "<!channel>", [{ kind: "mention", text: "@channel" }]],
    ["emoji", ":rocket:", [{ kind: "emoji", text: "rocket" }]],
    ["quotes", "&gt; a", [{ kind: "quote", pieces: [{ kind: "text", text: "a" }] }]],
    [
      "dates",
      "<!date^60^{time}|soon>",
      [{ kind: "date", atMs: 60_000, format: "{time}", url: null, fallback: "soon" }],
    ],
    ["a date that is none as its fallback", "<!date^x^{time}|soon>", [{ kind: "text", text: "soon" }]],
    [
      "markup around a link",
      "*<https://a.example|b>*",
      [{ kind: "bold", pieces: [{ kind: "link", url: "https://a.example", text: "b" }] }],
    ],
  ];
  for (const [name, source, pieces] of kinds)
    it(`reads ${name}`, () => expect(parseMrkdwn(source)).to.deep.equal(pieces));

  it("takes no longer for a text made to be slow", () => {
    const begun = performance.now();
    for (const hostile of [
      "*".repeat(3000),
      "*a ".repeat(1000),
      "<".repeat(3000),
      "_a_".repeat(1000),
      "`".repeat(3000),
    ])
      parseMrkdwn(hostile);
    expect(performance.now() - begun).to.be.lessThan(2000);
  });

  const dates: readonly (readonly [string, string])[] = [
    ["{date_num} {time}", "2026-01-05 4:00 AM"],
    ["{date} at {time_secs}", "January 5th, 2026 at 4:00:00 AM"],
    ["{date_long}", "Monday, January 5th, 2026"],
    ["{date_short}", "Jan 5, 2026"],
    ["{date_short_pretty}", "tomorrow"],
    ["{ago}", "in 24 hours"],
    ["{nonsense}", "{nonsense}"],
  ];
  for (const [format, text] of dates)
    it(`shows the date ${format} in the reader's zone`, () => {
      const reader = { zone: "America/New_York", nowMs: at - 86_400_000 };
      expect(formatDate(at, format, reader)).to.equal(text);
    });

  it("falls back to the zone of the profile for one that is unknown", () => {
    expect(knownZone("Mars/Olympus", "Europe/Berlin")).to.equal("Europe/Berlin");
    expect(knownZone(undefined, "Europe/Berlin")).to.equal("Europe/Berlin");
  });

  it("reaches the page escaped, whatever a person typed", async () => {
    const slack = await startSlack({ targets: () => null, signingSecret: "s", botToken: "t" });
    try {
      await fetch(`${slack.apiUrl}chat.postMessage`, {
        method: "POST",
        headers: { authorization: "Bearer t", "content-type": "application/json" },
        body: JSON.stringify({
          channel: "#deploys",
          text: `<img src=x onerror=alert(1)> "quoted" '</article>' <https://a.example/"onclick="x|b>`,
        }),
      });
      const answer = await fetch(slack.url);
      expect(answer.headers.get("content-security-policy")).to.contain("default-src 'none'");
      const page = await answer.text();
      expect(page).to.not.contain("<img").and.to.not.contain('"onclick=');
    } finally {
      await slack.close();
    }
  });
});
