import { expect } from "chai";
import { OperationLog, type OperationRecord } from "./operation-log.ts";

const key = { project: "p", location: "l", service: "api" };

function record(name: string, more: Partial<OperationRecord> = {}): OperationRecord {
  return {
    name: `projects/p/locations/l/operations/${name}`,
    key,
    subject: "service",
    metadata: { step: "begun" },
    isStuck: false,
    isLost: false,
    outcome: null,
    ...more,
  };
}

function openLog(): OperationLog {
  const pack = (message: object) => ({ type_url: "t", value: Buffer.from(JSON.stringify(message)) });
  return new OperationLog({
    packers: { service: pack, revision: pack },
    onChange: () => undefined,
    records: [],
  });
}

describe("The operations of the local Cloud Run", () => {
  it("end together when their service is done, but for those that are stuck and those of others", () => {
    const log = openLog();
    log.add(record("1"));
    log.add(record("2"));
    log.add(record("stuck", { isStuck: true }));
    log.add(record("other", { key: { ...key, service: "web" } }));
    log.finish(key, { ok: false, code: 9, message: "it crashed", metadata: { step: "failed" } });
    const [other, stuck, second, first] = log.list("projects/p/locations/l");
    expect([other?.done, stuck?.done, second?.done, first?.done]).to.deep.equal([false, false, true, true]);
    expect(first?.error).to.deep.equal({ code: 9, message: "it crashed" });
    expect(String(first?.metadata.value)).to.equal('{"step":"failed"}');
  });

  it("wake whoever waits for them, and let go after the time", async () => {
    const log = openLog();
    const { name } = log.add(record("1"));
    const waiting = log.wait(name, 60_000);
    log.finish(key, { ok: true, response: { step: "done" } });
    await waiting;
    await log.wait(name, 60_000);
    await log.wait("unknown", 60_000);
    const open = log.add(record("2"));
    await log.wait(open.name, 5);
    expect(log.find(open.name)?.done).to.equal(false);
  });

  it("are forgotten when many newer ones have come, the open ones never", () => {
    const log = openLog();
    const open = log.add(record("open"));
    for (let count = 0; count < 250; count += 1)
      log.add(record(`done-${count}`, { outcome: { ok: true, response: {} } }));
    expect(log.records().length).to.be.at.most(201);
    expect(log.find(open.name)).to.not.equal(null);
    expect(log.find("projects/p/locations/l/operations/done-0")).to.equal(null);
  });
});
