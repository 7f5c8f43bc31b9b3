import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { scenarios } from "../../cli/rehearse/catalogue.ts";
import { runRehearse } from "../../cli/rehearse/main.ts";
import { rehearse } from "../../cli/rehearse/rehearsal.ts";
import type { RehearseOptions } from "../../cli/rehearse.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";

const asked = { names: [], list: false, json: true, seed: null } satisfies RehearseOptions;

async function run(options: Partial<RehearseOptions>) {
  const written = { stdout: "", stderr: "" };
  const sink = (stream: "stdout" | "stderr") => ({
    isTty: false,
    write: (text: string) => {
      written[stream] += text;
    },
  });
  const exitCode = await runRehearse(
    { ...asked, ...options },
    {
      stdout: sink("stdout"),
      stderr: sink("stderr"),
      ask: null,
      env: process.env,
      cwd: process.cwd(),
      zone: "UTC",
      version: "test",
      fetch,
      clock: systemClock,
      stopping: new AbortController().signal,
      localVerbs: {},
    },
  );
  const lines = written.stdout.split("\n").filter((line) => line !== "");
  return { exitCode, ...written, lines };
}

describe("rehearsals", function () {
  this.timeout(120_000);

  const usual = process.env["TMPDIR"];
  let folder = "";

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "gantry-rehearsals-test-"));
    process.env["TMPDIR"] = folder;
  });

  after(async () => {
    if (usual === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = usual;
    await rm(folder, { recursive: true, force: true });
  });

  it("play a good release, a rejection in Slack, a bad candidate and a bad rollout through the whole system, and leave no folder", async () => {
    const names = ["good-release", "approval-rejected", "health-fails", "fails-during-rollout"];
    const { exitCode, lines, stderr } = await run({ names });
    const played = lines.map((line) => JSON.parse(line));
    const outcomes = Object.fromEntries(played.map(({ scenario, outcome }) => [scenario, outcome]));
    expect(outcomes, stderr).to.deep.equal({
      "good-release": "live",
      "approval-rejected": "rejected",
      "health-fails": "failed",
      "fails-during-rollout": "rolled-back",
    });
    expect(exitCode).to.equal(0);
    for (const { live, traffic, release, durationMs, events } of played) {
      expect(traffic).to.deep.equal([{ revision: live, percent: 100 }]);
      expect(release).to.match(/^r-/);
      expect(durationMs).to.be.above(0);
      expect(events[0]).to.have.keys("at", "type");
    }
    const bad = played.find(({ scenario }) => scenario === "fails-during-rollout");
    expect(bad.detectMs).to.be.within(0, 5_000);
    expect(bad.restoreMs).to.be.within(0, 5_000);
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it("tell what was otherwise than expected, with exit code 1 in the end", async () => {
    const [bad] = scenarios.filter(({ name }) => name === "build-fails");
    if (bad === undefined) throw new Error("build-fails is gone");
    const scenario = { ...bad, expected: "live", live: "candidate" } as const;
    const options = { scenario, version: "test", seed: 1, env: process.env };
    const { rehearsal, log } = await rehearse({ ...options, stopping: new AbortController().signal });
    expect(rehearsal.ok).to.equal(false);
    expect(rehearsal.outcome).to.equal("failed");
    expect(rehearsal.problems[0]).to.equal("the outcome is failed, and live was expected");
    expect(rehearsal.problems[1]).to.match(
      /^candidate should have all traffic, but there is 100 % .*-v1-0-0-/,
    );
    expect(log.join("")).to.include("Recorded an event");
  });

  it("play what is decided in Slack, bad days of Slack and many releases at once", () => {
    expect(scenarios.map(({ name }) => name)).to.include.members([
      "approval-granted",
      "approval-rejected",
      "approval-expires",
      "self-approval",
      "approval-replayed",
      "plan-changed-after-approval",
      "fails-while-waiting",
      "slack-down",
      "slack-rate-limited",
      "burst-of-releases",
    ]);
  });

  it("are listed without being played, one JSON object a line", async () => {
    const { exitCode, lines, stderr } = await run({ list: true });
    expect(exitCode).to.equal(0);
    expect(stderr).to.equal("");
    expect(lines.map((line) => JSON.parse(line).scenario)).to.deep.equal(scenarios.map(({ name }) => name));
  });

  it("refuse a name that is none, and name those that there are", async () => {
    const refusal = await run({ names: ["good-release", "bad-release"] }).catch((error: unknown) => error);
    expect(refusal).to.have.nested.property("text.happened", "There is no scenario bad-release");
    expect(refusal).to.have.nested.property("exitCode", 64);
  });
});
