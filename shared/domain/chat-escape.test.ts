import { expect } from "chai";
import fc from "fast-check";
import { monday } from "../../test/support/fixtures.ts";
import { hostileText } from "../../test/support/hostile-text.ts";
import { escaped, link, linkable, mention, plain, shortened, slackDate, visible } from "./chat-escape.ts";

describe("escaped()", () => {
  const table: readonly (readonly [string, string, string])[] = [
    ["a tag as it is", "v1.8.0", "v1.8.0"],
    ["marks inside words as they are", "my_tag a*b 1~2", "my_tag a*b 1~2"],
    ["the three entities", "a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"],
    ["an entity that was typed as text", "&lt;", "&amp;lt;"],
    ["formats without formatting", "*bold* _it_ ~gone~ `code`", "∗bold∗ ˍitˍ ∼gone∼ ˋcodeˋ"],
    ["a mention without calling anybody", "<!channel> <@U1>", "&lt;!channel&gt; &lt;@U1&gt;"],
    ["a shout without calling anybody", "@here @Channel", "＠here ＠Channel"],
    ["a link as words", "<https://evil.example|Approve>", "&lt;https:∕∕evil.example|Approve&gt;"],
    ["an address of a person", "ada@example.com", "ada@example.com"],
    ["several lines as one", "one\r\ntwo\u2028three\tfour", "one two three four"],
    ["a quote without quoting", "> said", "› said"],
    ["text without turning it around", "v1\u202egpj.exe\u2066", "v1gpj.exe"],
    ["half a surrogate pair as unknown", "a\ud800b", "a\ufffdb"],
    ["heaps of marks on a letter as three", `e${"\u0301".repeat(50)}`, `e${"\u0301".repeat(3)}`],
  ];
  for (const [what, typed, said] of table) {
    it(`shows ${what}`, () => expect(escaped(typed, 200)).to.equal(said));
  }

  it("never cuts an entity or a surrogate pair", () => {
    expect(escaped("a<b", 4)).to.equal("a…");
    expect(escaped("a<b", 6)).to.equal("a&lt;b");
    expect(escaped("😀😀", 3)).to.equal("😀…");
    expect(escaped("abc", 0)).to.equal("");
  });

  it("leaves nothing that acts, within its limit, whatever was typed", () => {
    fc.assert(
      fc.property(hostileText, fc.integer({ min: 0, max: 300 }), (typed, limit) => {
        const said = escaped(typed, limit);
        expect(said.length).to.be.at.most(limit);
        expect(said).to.not.match(/[<>`\n\r\p{Cc}\p{Cs}\u200b-\u200f\u202a-\u202e\u2066-\u2069]/u);
        expect(said).to.not.match(/&(?!amp;|lt;|gt;)|:\/\/|@(?:here|channel|everyone)/i);
        expect(said).to.not.match(/(?<![A-Za-z0-9])[*_~]/);
      }),
    );
  });
});

describe("shortened()", () => {
  it("cuts with an ellipsis, the ellipsis counted in", () => {
    expect(shortened("abcdef", 6)).to.equal("abcdef");
    expect(shortened("abcdefg", 6)).to.equal("abcde…");
    expect(shortened("ab😀cd", 4)).to.equal("ab…");
    expect(shortened("abc", 1)).to.equal("…");
    expect(shortened("abc", 0)).to.equal("");
    expect(plain(" a\nb ", 10)).to.equal("a b");
  });

  it("keeps to its limit and never makes half a pair", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 0, max: 30 }), (text, limit) => {
        const cut = shortened(visible(text), limit);
        expect(cut.length).to.be.at.most(limit);
        expect(cut).to.not.match(/\p{Cs}/u);
      }),
    );
  });
});

describe("what Slack fills in", () => {
  it("shows a moment to each reader in their zone, and in UTC where it cannot", () => {
    expect(slackDate(monday + 999)).to.equal(
      "<!date^1767603600^{date_short_pretty} {time}|5 Jan 2026, 09:00 UTC>",
    );
    expect(slackDate(Number.NaN)).to.equal("an unknown time");
  });

  it("mentions people and groups that it knows, and names everybody else", () => {
    const people = new Map([
      ["ada", "U012AB3CD"],
      ["@ml-oncall", "S0614TZR7"],
      ["eve", "U1>|<!channel"],
    ]);
    expect(mention("ada", people)).to.equal("<@U012AB3CD>");
    expect(mention("@ml-oncall", people)).to.equal("<!subteam^S0614TZR7>");
    expect(mention("eve", people)).to.equal("eve");
    expect(mention("<!here>", people)).to.equal("&lt;!here&gt;");
  });

  it("links to web addresses alone", () => {
    expect(link("https://x.example/a?b=1&c=2", "there")).to.equal("<https://x.example/a?b=1&amp;c=2|there>");
    expect(link("https://x.example/", "a|b")).to.equal("<https://x.example/|a∣b>");
    for (const bad of ["javascript:alert(1)", "https://x|y", "https://x y", "https://x>", "", "ftp://x"]) {
      expect(link(bad, "there"), bad).to.equal("there");
    }
    expect(linkable(`https://x.example/${"a".repeat(600)}`)).to.equal(null);
  });
});
