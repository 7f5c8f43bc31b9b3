import { createHmac } from "node:crypto";
import { expect } from "chai";
import { verifyGithub } from "./verify-github.ts";

const secret = "It's a Secret to Everybody";
const rawBody = new TextEncoder().encode("Hello, World!");
// The example of docs.github.com, "Validating webhook deliveries".
const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
const headers = { signature, delivery: "72d3162e-cc78-11e3-81ab-4c9367dc0958", event: "push" };

const sign = (body: Uint8Array) => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

describe("verifyGithub()", () => {
  it("takes GitHub's own example", async () => {
    expect(await verifyGithub({ secrets: [secret], headers, rawBody })).to.deep.equal({
      ok: true,
      delivery: headers.delivery,
      event: "push",
      text: "Hello, World!",
    });
  });

  it("takes any of several secrets, in any order, and no empty one", async () => {
    expect(await verifyGithub({ secrets: ["new", secret], headers, rawBody })).to.have.property("ok", true);
    expect(await verifyGithub({ secrets: [secret, "old"], headers, rawBody })).to.have.property("ok", true);
    expect(await verifyGithub({ secrets: ["new", "old"], headers, rawBody })).to.have.property("ok", false);
    const empty = `sha256=${createHmac("sha256", "").update(rawBody).digest("hex")}`;
    const verdict = await verifyGithub({ secrets: [""], headers: { ...headers, signature: empty }, rawBody });
    expect(verdict).to.have.property("code", "signature-invalid");
  });

  it("checks the bytes as they came: a byte order mark counts, and bytes that are no UTF-8 are not GitHub's", async () => {
    const marked = new TextEncoder().encode('\uFEFF{"a":1}');
    const withMark = await verifyGithub({
      secrets: [secret],
      headers: { ...headers, signature: sign(marked) },
      rawBody: marked,
    });
    expect(withMark).to.have.property("ok", true);
    const broken = new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]);
    const verdict = await verifyGithub({
      secrets: [secret],
      headers: { ...headers, signature: sign(broken) },
      rawBody: broken,
    });
    expect(verdict).to.have.property("code", "signature-invalid");
  });

  it("looks at the signature before anything else", async () => {
    const nothing = { signature: "sha256=00", delivery: undefined, event: undefined };
    const verdict = await verifyGithub({ secrets: [secret], headers: nothing, rawBody });
    expect(verdict).to.have.property("code", "signature-invalid");
  });
});
