import { expect } from "chai";
import {
  candidate,
  commitOf,
  monday,
  plan,
  releaseBasics,
  releaseRecord,
  revisionName,
} from "../../test/support/fixtures.ts";
import { operatorToken, serviceHarness, viewerToken } from "../../test/support/service-harness.ts";

const evil = `"><script>alert(1)</script>`;
const pair = { candidate: candidate(), stable: revisionName("background-removal-00001") };
const hidden = '<input type="hidden" name="approvalId" value="approval-1"/>';
const asking = plan({ approval: { ...plan().approval, required: true, from: ["@ml-oncall"], count: 1 } });
const waiting = releaseRecord({
  plan: asking,
  ...pair,
  status: "awaiting-approval",
  approval: { id: "approval-1", expiresAt: monday },
});

async function pageOf(params: Partial<typeof waiting>, path = "/releases/release-1", token = operatorToken) {
  const harness = serviceHarness();
  const record = { ...waiting, ...params };
  const active = {
    ...releaseBasics({ plan: asking }),
    status: "awaiting-approval",
    approvalId: "approval-1",
    approvedBy: [],
    expiresAt: monday,
    ...pair,
  } as const;
  await harness.commit(commitOf({ releases: [record], state: { ...commitOf().state, active } }));
  const signIn = await harness.app.request(`/login?token=${token}`);
  const cookie = signIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  const answer = await harness.app.request(path, { headers: { cookie } });
  return { harness, cookie, text: await answer.text() };
}

describe("the console, where a release waits for approval", () => {
  for (const path of ["/", "/releases/release-1"])
    it(`says on ${path} what is approved, until when and of whom, and sends the request that it shows`, async () => {
      const { text } = await pageOf({}, path);
      const { commit, repository, requestedBy } = waiting;
      expect(text).to.include("Waits for 1 of @ml-oncall to approve</strong> until");
      expect(text).to.include("What is approved is this, and nothing else:");
      expect(text).to.include(`<dd>${commit} of ${repository}</dd>`);
      expect(text).to.include(`<dd>${candidate().image.digest}</dd>`);
      expect(text).to.include("<dt>Steps</dt><dd>10 %, 100 %</dd>");
      expect(text).to.include(`<dt>Asked for by</dt><dd>${requestedBy.name}</dd>`);
      expect(text).to.include("<dt>Approved by</dt><dd>nobody yet</dd>");
      expect(text).to.include(`<form method="post" action="/releases/release-1/approve">${hidden}`);
    });

  it("binds the rejection to the same request, and nothing else to it", async () => {
    const { text } = await pageOf({});
    expect(text).to.include(`<form method="post" action="/releases/release-1/reject">${hidden}`);
    expect(text.split(hidden)).to.have.length(3);
  });

  it("shows no form to who may only look", async () => {
    const { text } = await pageOf({}, "/releases/release-1", viewerToken);
    expect(text).to.include(candidate().image.digest).and.not.include('name="approvalId"');
  });

  it("hands the request that was shown to the desk, and nothing where there was none", async () => {
    const { harness, cookie } = await pageOf({});
    const headers = { origin: "http://localhost", host: "localhost", cookie };
    const send = (form: Record<string, string>) =>
      harness.app.request("/releases/release-1/approve", {
        method: "POST",
        body: new URLSearchParams(form),
        headers,
      });
    await send({ approvalId: "approval-1" });
    await send({});
    await send({ approvalId: "x".repeat(201) });
    expect(harness.asked.map(({ params }) => params["approvalId"])).to.deep.equal(["approval-1", null, null]);
  });

  it("shows what comes from outside as text", async () => {
    const { text } = await pageOf({ repository: evil, requestedBy: { kind: "person", name: evil } });
    expect(text).to.include("&lt;script&gt;alert(1)&lt;/script&gt;").and.not.include("<script>alert");
  });
});

describe("the console, where a release gets traffic", () => {
  const rolling = { status: "rolling-out", approval: null } as const;

  it("offers to pause or to resume, to promote and to roll back", async () => {
    const going = (await pageOf(rolling)).text;
    expect(going).to.include('action="/releases/release-1/pause"').and.not.include("/resume");
    expect(going).to.include('action="/releases/release-1/promote"').and.include("/rollback");
    expect(going).to.not.include("What is approved is this");
    const paused = (await pageOf({ ...rolling, paused: true })).text;
    expect(paused).to.include('action="/releases/release-1/resume"').and.not.include("/pause");
  });

  it("says why there is nothing to pause or promote while approval is awaited", async () => {
    const { text } = await pageOf({});
    expect(text).to.match(/id="pause-why">The release [^<]+ and cannot be paused\.</);
    expect(text).to.match(/id="promote-why">The release [^<]+ and cannot be promoted\.</);
  });
});
