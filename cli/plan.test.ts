import { expect } from "chai";
import type { ReleasePlan } from "../shared/usecases/plan-release.ts";
import { cliHarness } from "../test/support/cli-harness.ts";
import {
  commitSha,
  monday,
  releaseBasics,
  releaseId,
  serviceKey,
  tagName,
} from "../test/support/fixtures.ts";
import { serviceSettings } from "../test/support/settings.ts";

const rows = [{ setting: "memory", wanted: "32Gi", found: "16Gi" }] as const;

const planned: ReleasePlan = {
  outcome: "planned",
  service: serviceKey(),
  tag: tagName("v1.8.0"),
  commit: commitSha(),
  mayBegin: true,
  findings: [
    {
      severity: "warns",
      code: "probe-ready-too-early",
      message: "The startup probe only waits for an open port.",
      next: "gcloud run services update api",
    },
  ],
  ahead: tagName("v1.7.0"),
  steps: [
    { percent: 10, holdMs: 60_000 },
    { percent: 100, holdMs: 0 },
  ],
  bakeMs: 60_000,
  approvals: 2,
};

const broken: ReleasePlan = {
  ...planned,
  mayBegin: false,
  ahead: null,
  approvals: 0,
  findings: [
    {
      severity: "stops",
      code: "guardrail-broken",
      message: "A guard rail of gantry.yaml is broken: memory is 16Gi, not 32Gi.",
      next: "gantry deploy TAG --allow-change memory --reason TEXT",
      rows,
    },
  ],
};

describe("gantry plan", () => {
  let harness: Awaited<ReturnType<typeof cliHarness>>;

  beforeEach(async () => {
    harness = await cliHarness();
  });
  afterEach(() => harness.stop());

  it("shows every finding and the way that the release would take, and ends with 0", async () => {
    harness.script.plan = planned;
    const ran = await harness.run(["plan", "v1.8.0"]);
    expect(ran.exitCode).to.equal(0);
    expect(ran.stdout).to.include("warns  probe-ready-too-early: The startup probe only waits");
    expect(ran.stdout).to.include("Next: gcloud run services update api");
    expect(ran.stdout).to.include("v1.8.0 would begin: gate, 2 approvals, then 10 %, then 100 %.");
    expect(ran.stdout).to.include("v1.7.0 is being released");
  });

  it("shows what stops it as a table, says what to type for this tag, and ends with 1", async () => {
    harness.script.plan = broken;
    const ran = await harness.run(["plan", "v1.8.0"]);
    expect(ran.exitCode).to.equal(1);
    expect(ran.stdout).to.match(/SETTING {2}WANTED {2}FOUND\n +memory {3}32Gi {4}16Gi/);
    expect(ran.stdout).to.include("Next: gantry deploy v1.8.0 --allow-change memory --reason TEXT");
    expect(ran.stdout).to.include("v1.8.0 would be stopped before its build.");
  });

  it("tells why a request would be refused, with each place, and ends with 1", async () => {
    harness.script.plan = {
      outcome: "refused",
      code: "config-invalid",
      message: "gantry.yaml has 1 problem(s).",
      problems: ["gantry.yaml:3:1 rollout: unknown"],
      service: null,
    };
    const ran = await harness.run(["plan", "v1.8.0"]);
    expect(ran.exitCode).to.equal(1);
    expect(ran.stdout).to.equal(
      "refused  gantry.yaml has 1 problem(s).\n  gantry.yaml:3:1 rollout: unknown\n",
    );
  });

  it("is one JSON document with --json, and asks for what was typed", async () => {
    harness.script.plan = planned;
    const argv = ["plan", "v1.8.0", "--json", "--repository", "perkie/other", "--commit", "a".repeat(40)];
    const ran = await harness.run([...argv, "--allow-change", "memory,gpu"]);
    expect(JSON.parse(ran.stdout)).to.deep.include({
      outcome: "planned",
      mayBegin: true,
      repository: "perkie/other",
    });
    expect(harness.requests[0]).to.deep.include({
      repository: "perkie/other",
      commit: "a".repeat(40),
      allowChange: { settings: ["gpu", "memory"], reason: "a plan" },
    });
  });
});

describe("gantry deploy --allow-change", () => {
  let harness: Awaited<ReturnType<typeof cliHarness>>;

  before(async () => {
    harness = await cliHarness();
  });
  after(() => harness.stop());

  it("asks for a release that may break those guard rails, with the reason", async () => {
    const argv = ["deploy", "v1.8.0", "--allow-change", "memory", "--reason", "smaller model"];
    expect((await harness.run(argv)).exitCode).to.equal(0);
    expect(harness.requests.at(-1)).to.deep.include({
      allowChange: { settings: ["memory"], reason: "smaller model" },
    });
  });

  for (const [what, argv, says] of [
    ["no reason", ["--allow-change", "memory"], "--allow-change needs --reason"],
    ["what is no guard rail", ["--allow-change", "colour", "--reason", "x"], '"colour" is no guard rail'],
    ["a reason for nothing", ["--reason", "x"], "--reason goes with --allow-change"],
  ] as const)
    it(`refuses ${what} with 64`, async () => {
      const ran = await harness.run(["deploy", "v1.8.0", ...argv]);
      expect(ran.exitCode).to.equal(64);
      expect(ran.stderr).to.include(says);
    });
});

describe("gantry accept", () => {
  let harness: Awaited<ReturnType<typeof cliHarness>>;

  before(async () => {
    harness = await cliHarness();
    const settings = serviceSettings();
    const left = {
      releaseId: releaseId(),
      settings,
      serving: null,
      at: monday,
      lookEveryMs: 1,
      isStale: false,
    };
    const drift = { rows, by: null, since: monday, settings, serving: null };
    const release = releaseBasics();
    const requested = { type: "release-requested", at: monday, releaseId: release.id, release } as const;
    const broke = { type: "guardrail-broken", at: monday, releaseId: release.id, rows } as const;
    await harness.tell([requested, broke], { active: null, left, drift });
  });
  after(() => harness.stop());

  it("follows from what status shows", async () => {
    const ran = await harness.run(["status", "background-removal"]);
    expect(ran.stdout).to.include("not by Gantry: memory: 32Gi is now 16Gi");
    expect(ran.stdout).to.include(`gantry accept ${serviceKey()} --reason TEXT`);
  });

  it("hands the service and the reason on, and says what comes of it", async () => {
    const ran = await harness.run(["accept", "background-removal", "--reason", "on purpose"]);
    expect(ran).to.include({ exitCode: 0, stdout: "Done.\n" });
    expect(harness.asked.at(-1)?.params).to.deep.include({ service: serviceKey(), reason: "on purpose" });
    const json = await harness.run(["accept", "background-removal", "--json"]);
    expect(JSON.parse(json.stdout)).to.include({ message: "Done." });
  });

  it("finds the table of a release in what it shows", async () => {
    const ran = await harness.run(["releases", "show", "release-1"]);
    expect(ran.stdout).to.include("stops  guardrail-broken: The new revision does not keep the guard rails");
    expect(ran.stdout).to.match(/memory {3}32Gi {4}16Gi/);
  });
});
