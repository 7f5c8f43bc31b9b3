import { expect } from "chai";
import {
  asOperator,
  githubDelivery,
  githubPayload,
  serviceHarness,
} from "../test/support/service-harness.ts";

/** Whether it is answered before what is being published is through, and how often that was waited for. */
async function asked(path: string, request: RequestInit) {
  const waiting: (() => void)[] = [];
  const { app } = serviceHarness({ settle: () => new Promise((resolve) => void waiting.push(resolve)) });
  let isAnswered = false;
  const answer = Promise.resolve(app.request(path, request)).then((response) => {
    isAnswered = true;
    return response;
  });
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const found = { isAnswered, waits: waiting.length };
  for (const goOn of waiting) goOn();
  const { status } = await answer;
  return { ...found, status };
}

describe("an answer", () => {
  it("to a command goes once what it committed is published, whatever the answer is", async () => {
    const cancel = { ...asOperator, method: "POST", body: JSON.stringify({ reason: "too slow" }) };
    const waited = { isAnswered: false, waits: 1 };
    expect(await asked("/api/v1/releases/release-1/cancel", cancel)).to.deep.equal({
      ...waited,
      status: 202,
    });
    expect(await asked("/api/v1/freezes/none", { ...asOperator, method: "DELETE" })).to.include(waited);
    expect(await asked("/releases/release-1/cancel", { method: "POST" })).to.include(waited);
  });

  it("to a reading, to the health check and to a hook waits for nothing that is published", async () => {
    const body = githubPayload("ping");
    const free = { isAnswered: true, waits: 0, status: 200 };
    expect(await asked("/api/v1/releases", asOperator)).to.deep.equal(free);
    expect(await asked("/healthz", {})).to.deep.equal(free);
    expect(await asked("/hooks/github", githubDelivery({ event: "ping", body }))).to.include({
      isAnswered: true,
      waits: 0,
    });
  });
});
