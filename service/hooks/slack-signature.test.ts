import { createHmac } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { type SlackHeaders, type SlackVerdict, verifySlack } from "./slack-signature.ts";

// The example of docs.slack.dev, "Verifying requests from Slack".
const secret = "8f742231b10e8888abcd99yyyzzz85a5";
const timestamp = "1531420618";
const text =
  "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V" +
  "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=" +
  "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
  "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
const signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
const sentAt = 1_531_420_618_000;

const bytes = (words: string) => new TextEncoder().encode(words);
const rawBody = bytes(text);
const sign = (body: Uint8Array, { key = secret, at = timestamp } = {}) =>
  `v0=${createHmac("sha256", key).update(`v0:${at}:`).update(body).digest("hex")}`;

const verify = (
  given: Partial<Parameters<typeof verifySlack>[0]> & { head?: Partial<SlackHeaders> } = {},
) => {
  const { head, ...rest } = given;
  return verifySlack({
    secrets: [secret],
    rawBody,
    now: sentAt,
    headers: { signature, timestamp, ...head },
    ...rest,
  });
};
const outcome = (verdict: SlackVerdict) => (verdict.ok ? "ok" : verdict.reason);

describe("verifySlack()", () => {
  it("takes Slack's own example", () => {
    expect(verify()).to.deep.equal({ ok: true });
  });

  const hex = signature.slice(3);
  const stamped = (at: string) => ({ timestamp: at, signature: sign(rawBody, { at }) });
  const table: readonly (readonly [string, Parameters<typeof verify>[0], string])[] = [
    ["five minutes old", { now: sentAt + 300_000 }, "ok"],
    ["a millisecond older", { now: sentAt + 300_001 }, "timestamp-stale"],
    ["five minutes ahead", { now: sentAt - 300_000 }, "ok"],
    ["a millisecond further ahead", { now: sentAt - 300_001 }, "timestamp-ahead"],
    ["a clock of ours that tells no number", { now: Number.NaN }, "timestamp-stale"],
    ["no timestamp", { head: { timestamp: undefined } }, "timestamp-missing"],
    ["an empty timestamp", { head: { timestamp: "" } }, "timestamp-missing"],
    ["a timestamp in milliseconds", { head: stamped("1531420618000") }, "timestamp-invalid"],
    ["a signed timestamp with a fraction", { head: stamped("1531420618.0") }, "timestamp-invalid"],
    ["a signed timestamp with a space", { head: stamped(" 1531420618") }, "timestamp-invalid"],
    ["a signed timestamp with a line break", { head: stamped("1531420618\n") }, "timestamp-invalid"],
    ["a signed timestamp with a sign", { head: stamped("+1531420618") }, "timestamp-invalid"],
    ["a signed timestamp with a zero before", { head: stamped("01531420618") }, "timestamp-invalid"],
    ["a signed timestamp in hex", { head: stamped("0x5b479a8a") }, "timestamp-invalid"],
    ["a signed timestamp with an exponent", { head: stamped("1.531420618e9") }, "timestamp-invalid"],
    ["a signed timestamp that is no number", { head: stamped("NaN") }, "timestamp-invalid"],
    ["two timestamps", { head: stamped("1531420618, 1531420618") }, "timestamp-invalid"],
    ["another timestamp than the signed one", { head: { timestamp: "1531420619" } }, "signature-invalid"],
    ["no signature", { head: { signature: undefined } }, "signature-missing"],
    ["an empty signature", { head: { signature: "" } }, "signature-missing"],
    ["nothing but the version", { head: { signature: "v0=" } }, "signature-invalid"],
    ["the first half", { head: { signature: signature.slice(0, 35) } }, "signature-invalid"],
    ["one digit less", { head: { signature: signature.slice(0, -1) } }, "signature-invalid"],
    ["one digit more", { head: { signature: `${signature}0` } }, "signature-invalid"],
    ["a line break after it", { head: { signature: `${signature}\n` } }, "signature-invalid"],
    ["the digits alone", { head: { signature: hex } }, "signature-invalid"],
    ["another version", { head: { signature: `v1=${hex}` } }, "signature-invalid"],
    ["capital digits", { head: { signature: `v0=${hex.toUpperCase()}` } }, "signature-invalid"],
    ["two signatures", { head: { signature: `${signature}, ${signature}` } }, "signature-invalid"],
    ["64 letters that are no digits", { head: { signature: `v0=${"z".repeat(64)}` } }, "signature-invalid"],
    ["64 letters of two bytes", { head: { signature: `v0=${"é".repeat(64)}` } }, "signature-invalid"],
    ["an empty body", { rawBody: new Uint8Array() }, "signature-invalid"],
    ["the new secret of two", { secrets: [secret, "old"] }, "ok"],
    ["the old secret of two", { secrets: ["new", secret] }, "ok"],
    ["other secrets", { secrets: ["new", "old"] }, "signature-invalid"],
    ["no secret", { secrets: [] }, "signature-invalid"],
    [
      "a signature made with an empty secret",
      { secrets: [""], head: { signature: sign(rawBody, { key: "" }) } },
      "signature-invalid",
    ],
    [
      "old and unsigned: the time counts first",
      { now: sentAt + 300_001, head: { signature: "" } },
      "timestamp-stale",
    ],
  ];
  for (const [name, given, expected] of table) {
    it(`answers "${expected}" to: ${name}`, () => {
      expect(outcome(verify(given))).to.equal(expected);
    });
  }

  const body = fc.uint8Array({ maxLength: 200 });
  const key = fc.string({ minLength: 1, maxLength: 64 });

  it("takes whatever bytes were signed, also those that are no text", () => {
    fc.assert(
      fc.property(body, key, (raw, name) => {
        const head = { signature: sign(raw, { key: name }) };
        expect(outcome(verify({ rawBody: raw, secrets: ["other", name], head }))).to.equal("ok");
      }),
    );
  });

  it("refuses every change of one bit in the body", () => {
    const at = fc.record({
      raw: fc.uint8Array({ minLength: 1, maxLength: 200 }),
      byte: fc.nat(),
      bit: fc.nat(7),
    });
    fc.assert(
      fc.property(at, ({ raw, byte, bit }) => {
        const changed = Uint8Array.from(raw);
        const index = byte % raw.length;
        changed[index] = (raw[index] ?? 0) ^ (1 << bit);
        expect(outcome(verify({ rawBody: changed, head: { signature: sign(raw) } }))).to.equal(
          "signature-invalid",
        );
      }),
    );
  });

  it("refuses every beginning of the signature, and every longer one", () => {
    fc.assert(
      fc.property(body, fc.nat(66), fc.string({ minLength: 1, maxLength: 8 }), (raw, length, more) => {
        const whole = sign(raw);
        for (const each of [whole.slice(0, length), `${whole}${more}`]) {
          expect(outcome(verify({ rawBody: raw, head: { signature: each } }))).to.match(/^signature-/);
        }
      }),
    );
  });

  it("refuses a body that was read and written again, unless it is the same", () => {
    const form = fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 20 }), { maxKeys: 4 });
    fc.assert(
      fc.property(form, fc.boolean(), (fields, capitals) => {
        const pairs = Object.entries(fields);
        // Slack's way of encoding need not be ours: "%20" for "+", "~" as it is, hex digits in capitals or not.
        const slacks = pairs
          .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
          .join("&")
          .replace(/%[0-9A-F]{2}/g, (code) => (capitals ? code : code.toLowerCase()));
        const again = new URLSearchParams(slacks).toString();
        const head = { signature: sign(bytes(slacks)) };
        expect(outcome(verify({ rawBody: bytes(slacks), head }))).to.equal("ok");
        const expected = again === slacks ? "ok" : "signature-invalid";
        expect(outcome(verify({ rawBody: bytes(again), head }))).to.equal(expected);
      }),
    );
  });

  it("never throws, whatever the headers are", () => {
    const header = fc.option(fc.string({ unit: "binary", maxLength: 80 }), { nil: undefined });
    fc.assert(
      fc.property(header, header, body, (one, two, raw) => {
        expect(verify({ rawBody: raw, headers: { signature: one, timestamp: two } }).ok).to.equal(false);
        expect(verify({ rawBody: raw, headers: { signature: one, timestamp } }).ok).to.equal(false);
      }),
    );
  });
});
