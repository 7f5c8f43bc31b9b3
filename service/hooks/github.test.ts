import { expect } from "chai";
import { parseReleaseId } from "../../shared/domain/ids.ts";
import { releaseIdFor } from "../../shared/usecases/release-id.ts";
import {
  githubDelivery,
  githubPayload,
  githubSecret,
  jsonOf,
  olderSecret,
  serviceHarness,
} from "../../test/support/service-harness.ts";

const path = "/hooks/github";
const delivery = "72d3162e-cc78-11e3-81ab-4c9367dc0958";
const commit = "5f1c0c8e6b9d4a7f3e2d1c0b9a8f7e6d5c4b3a29";

function push(name: string, headers: Record<string, string> = {}) {
  return githubDelivery({ event: "push", body: githubPayload(name), headers });
}

describe("POST /hooks/github", () => {
  for (const name of ["push-tag-lightweight", "push-tag-annotated"]) {
    it(`hands the commit of ${name} to the desk and says where to follow it`, async () => {
      const { app, requests } = serviceHarness();
      const answer = await app.request(path, push(name));
      expect(answer.status).to.equal(202);
      expect(requests).to.deep.equal([
        {
          requestId: `github/${delivery}`,
          repository: "perkie/background-removal",
          tag: "v1.8.0",
          commit,
          requestedBy: { kind: "person", name: "ada-lovelace", via: "github" },
          explicit: false,
        },
      ]);
      const id = releaseIdFor(`github/${delivery}`);
      expect(await jsonOf(answer)).to.include({
        message: `Gantry takes it up as ${id}. Follow it: gantry status --watch, or http://localhost/releases/${id}`,
        releaseId: id,
        follow: `http://localhost/api/v1/releases/${id}`,
        moved: false,
      });
    });
  }

  it("hands on a moved tag with the commit that it names now", async () => {
    const { app, requests } = serviceHarness();
    const answer = await app.request(path, push("push-tag-moved"));
    expect(await jsonOf(answer)).to.include({ moved: true });
    expect(requests[0]?.commit).to.equal("9a1b2c3d4e5f60718293a4b5c6d7e8f901234567");
  });

  for (const [name, event] of [
    ["push-tag-deleted", "push"],
    ["push-branch", "push"],
    ["create-tag", "create"],
    ["ping", "ping"],
    ["ping", "constructor"],
    ["ping", "workflow_run"],
  ] as const) {
    it(`accepts and ignores ${name} sent as ${event}, with a reason`, async () => {
      const { app, requests } = serviceHarness();
      const answer = await app.request(path, githubDelivery({ event, body: githubPayload(name) }));
      expect(answer.status).to.equal(202);
      const { ignored, message } = await jsonOf(answer);
      expect(ignored).to.be.a("string").and.not.equal("");
      expect(message).to.equal(ignored);
      expect(requests).to.deep.equal([]);
    });
  }

  it("writes down a tag with shell and markup characters as refused and asks for no release", async () => {
    const { app, requests, store } = serviceHarness();
    const answer = await app.request(path, push("push-tag-with-markup"));
    expect(answer.status).to.equal(202);
    const { releaseId, code, message } = await jsonOf(answer);
    expect(message).to.match(/^Refused, .+ http:\/\/localhost\/refusals\//);
    expect(code).to.equal("tag-invalid");
    expect(parseReleaseId(String(releaseId))).to.equal(releaseIdFor(`github/${delivery}`));
    expect(requests).to.deep.equal([]);
    const refusal = await store.refusal(String(releaseId));
    expect(refusal).to.include({ code: "tag-invalid", tag: "v1;$(id)<script>alert(1)</script>", commit });
  });

  it("takes a signature by an older secret, so that secrets can be replaced", async () => {
    const { app } = serviceHarness();
    const body = githubPayload("ping");
    expect(
      (await app.request(path, githubDelivery({ event: "ping", body, secret: olderSecret }))).status,
    ).to.equal(202);
  });

  for (const [what, headers] of [
    ["a wrong signature", { "x-hub-signature-256": `sha256=${"0".repeat(64)}` }],
    ["a signature of the wrong length", { "x-hub-signature-256": "sha256=00" }],
    ["an empty signature", { "x-hub-signature-256": "" }],
    ["a SHA-1 signature", { "x-hub-signature-256": `sha1=${"0".repeat(40)}` }],
  ] as const) {
    it(`answers 401 to ${what} and stores nothing`, async () => {
      const { app, requests, store } = serviceHarness();
      const answer = await app.request(path, push("push-tag-with-markup", headers));
      expect(answer.status).to.equal(401);
      expect(await jsonOf(answer)).to.include({ code: "signature-invalid" });
      expect(requests).to.deep.equal([]);
      expect(await store.refusals({ limit: 10 })).to.deep.equal([]);
    });
  }

  it("answers 401 when there is no signature, no body, or no secret to check with", async () => {
    const { app } = serviceHarness();
    const bare = serviceHarness({ github: { secrets: [""] } });
    const body = githubPayload("ping");
    expect((await app.request(path, { method: "POST", body })).status).to.equal(401);
    expect((await app.request(path, { method: "POST" })).status).to.equal(401);
    expect((await bare.app.request(path, githubDelivery({ event: "ping", body }))).status).to.equal(401);
  });

  it("answers 400 to signed bytes that are no JSON or no push", async () => {
    const { app, requests } = serviceHarness();
    for (const body of ["{", '"text"', "{}", "payload=%7B%7D"]) {
      const answer = await app.request(path, githubDelivery({ event: "push", body }));
      expect(answer.status, body).to.equal(400);
      expect(answer.headers.get("content-type")).to.equal("application/problem+json");
      expect(await jsonOf(answer)).to.include({ code: "body-invalid" });
    }
    expect(requests).to.deep.equal([]);
  });

  it("answers 400 to a missing or impossible delivery id or event", async () => {
    const { app, requests } = serviceHarness();
    for (const headers of [
      { "x-github-delivery": "" },
      { "x-github-delivery": "a/../../b" },
      { "x-github-event": "" },
    ]) {
      const answer = await app.request(path, push("push-tag-lightweight", headers));
      expect(answer.status).to.equal(400);
      expect(await jsonOf(answer)).to.include({ code: "delivery-invalid" });
    }
    expect(requests).to.deep.equal([]);
  });

  it("answers 413 to a body over 1 MiB, also to one that streams without a length", async () => {
    const { app, requests } = serviceHarness();
    const large = " ".repeat(1_048_577);
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const streamed = new Request(`http://localhost${path}`, {
      method: "POST",
      body: endless,
      duplex: "half",
    });
    expect((await app.request(path, githubDelivery({ event: "push", body: large }))).status).to.equal(413);
    expect((await app.request(streamed)).status).to.equal(413);
    expect(pulled).to.be.below(20);
    expect(requests).to.deep.equal([]);
  });

  it("writes the delivery id and the release into the log line, and no secret", async () => {
    const { app, lines } = serviceHarness();
    await app.request(path, push("push-tag-lightweight"));
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({ delivery, method: "POST", path, status: 202, githubEvent: "push" });
    expect(JSON.stringify(lines)).to.not.include(githubSecret).and.not.include("sha256=");
  });
});
