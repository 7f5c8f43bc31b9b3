import { expect } from "chai";
import { type Warmth, warmthOf } from "../shared/domain/warm-state.ts";
import { cliHarness } from "../test/support/cli-harness.ts";
import {
  candidate,
  monday,
  releaseBasics,
  requested,
  revisionName,
  serviceKey,
} from "../test/support/fixtures.ts";

const hour = 3_600_000;
const live = {
  ...releaseBasics(),
  candidate: candidate(),
  stable: revisionName("background-removal-00001"),
  since: monday,
};
const of = { at: monday, releaseId: releaseBasics().id } as const;
const raised = {
  slot: `asked-${monday}`,
  from: 0,
  to: 1,
  raise: true,
  until: monday + 2 * hour,
  ...of,
} as const;
const asked = { by: { kind: "person", name: "olivia" }, at: monday, until: monday + 2 * hour } as const;

describe("gantry warm", () => {
  let harness: Awaited<ReturnType<typeof cliHarness>>;

  /** The service with this warmth, as it is read after the desk has answered. */
  async function withWarmth(warmth: Partial<Warmth>): Promise<void> {
    await harness.tell([requested()], { active: null, live, warmth: { ...warmthOf({}), ...warmth } });
  }

  beforeEach(async () => {
    harness = await cliHarness();
    harness.script.answer = {
      ok: true,
      releaseId: of.releaseId,
      status: "live",
      message: "It is kept warm.",
    };
  });
  afterEach(() => harness.stop());

  it("asks for two hours unless another time is said, and shows what was done", async () => {
    await withWarmth({ asked, raised });
    const { exitCode, stdout, stderr } = await harness.run(["warm", "background-removal"]);
    expect(exitCode).to.equal(0);
    expect(stdout).to.equal(
      "It is kept warm.\nKept warm until 11:00 (UTC): its minimum is 1, and it was 0.\n",
    );
    expect(stderr).to.include("gantry status background-removal");
    await harness.run(["warm", serviceKey(), "--for", "90m"]);
    const by = { kind: "person", name: "olivia", via: "api" };
    expect(harness.asked.map(({ verb, params }) => [verb, params])).to.deep.equal([
      ["warm", { service: serviceKey(), forMs: 2 * hour, by }],
      ["warm", { service: serviceKey(), forMs: 1.5 * hour, by }],
    ]);
  });

  it("waits until the write is done, and shows it as JSON", async () => {
    await withWarmth({ asked, due: raised });
    const going = harness.begin(["warm", serviceKey(), "--json"]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(going.stdout()).to.equal("");
    await withWarmth({ asked, raised });
    const { stdout, exitCode } = await going.ended;
    expect(exitCode).to.equal(0);
    expect(JSON.parse(stdout)).to.have.nested.property("warmth.raised.to", 1);
  });

  it("shows why Cloud Run did not do it", async () => {
    const backoff = {
      slot: raised.slot,
      what: "minimum",
      message: "quota",
      tries: 1,
      until: monday + hour,
    } as const;
    await withWarmth({ asked, backoff });
    const { stdout } = await harness.run(["warm", serviceKey()]);
    expect(stdout).to.include("the last try failed: quota");
  });

  it("is called off with --off", async () => {
    await withWarmth({});
    const { exitCode, stdout } = await harness.run(["warm", serviceKey(), "--off"]);
    expect(exitCode).to.equal(0);
    expect(stdout).to.include("It is not kept warm");
    expect(harness.asked.at(-1)).to.include({ verb: "coolDown" });
  });

  it("takes no time that is none, none beyond a day, and none with --off", async () => {
    await withWarmth({});
    for (const argv of [
      ["--for", "soon"],
      ["--for", "3d"],
      ["--for", "30s"],
      ["--off", "--for", "1h"],
    ]) {
      const { exitCode } = await harness.run(["warm", serviceKey(), ...argv]);
      expect(exitCode, argv.join(" ")).to.equal(64);
    }
    expect(harness.asked).to.deep.equal([]);
  });

  it("says no where nothing is live", async () => {
    await withWarmth({});
    harness.script.answer = {
      ok: false,
      code: "nothing-live",
      message: "Nothing is.",
      next: "gantry status",
    };
    const { exitCode, stderr } = await harness.run(["warm", serviceKey()]);
    expect(exitCode).to.equal(1);
    expect(stderr).to.include("(nothing-live)");
  });

  it("is part of what gantry status shows of a service", async () => {
    await withWarmth({ asked, raised });
    const { stdout } = await harness.run(["status", serviceKey()]);
    expect(stdout).to.match(/Warmth +Kept warm until 11:00 \(UTC\)/);
  });
});
