import { expect } from "chai";
import { cliHarness, inFolder, runCli } from "../../test/support/cli-harness.ts";
import {
  commitOf,
  numberedService,
  requested,
  serviceKey,
  serviceState,
} from "../../test/support/fixtures.ts";
import { openPolicy } from "../../test/support/function-harness.ts";

const key = serviceKey();
const why = ["--reason", "the database moves"];
const window = {
  kind: "once",
  name: "holidays",
  zone: "UTC",
  services: ["other/**"],
  from: "2026-01-05T00:00",
  to: "2026-01-06T00:00",
} as const;

describe("gantry freeze", () => {
  let harness: Awaited<ReturnType<typeof cliHarness>>;
  const run = (...argv: readonly string[]) => harness.run(["freeze", ...argv]);
  const idOf = (stdout: string): string => /f-[0-9a-z]{8}/.exec(stdout)?.[0] ?? "";

  beforeEach(async () => {
    harness = await cliHarness({}, openPolicy({ freezes: [window] }));
    await harness.tell([requested()]);
    await harness.commit(
      commitOf({
        service: numberedService(1),
        state: serviceState({ key: numberedService(1), active: null }),
      }),
    );
  });
  afterEach(() => harness.stop());

  it("on stops a service, says what goes on and how to end it", async () => {
    const { exitCode, stdout, stderr } = await run("on", "background-removal", "--for", "4h", ...why);
    expect([exitCode, stderr]).to.deep.equal([0, ""]);
    expect(stdout).to.match(
      new RegExp(
        `^${key} is frozen until Mon 5 Jan 2026 13:00 UTC \\(f-[0-9a-z]{8}, 1 service now\\): nothing new is released, a rollback always may run\\. 1 release that was admitted before goes on: v1\\.0\\.0 of ${key} \\(release-1\\)\\. .* To end it: gantry freeze off f-`,
      ),
    );
  });

  it("on reads a time on the clock of this machine, which the answer is told on", async () => {
    const argv = ["freeze", "on", "--all", "--until", "2026-12-24T18:00", ...why];
    const { exitCode, stdout } = await harness.run(argv, { zone: "Europe/Berlin" });
    expect(exitCode).to.equal(0);
    expect(stdout)
      .to.include("Every service is frozen until Thu 24 Dec 2026 18:00 CET (")
      .and.include("2 services now");
  });

  it("on takes a glob and a begin, and answers as JSON", async () => {
    const { exitCode, stdout } = await run("on", "gantry-test/**", "--from", "2026-02-01", ...why, "--json");
    expect(exitCode).to.equal(0);
    expect(JSON.parse(stdout).freeze).to.include({
      services: "gantry-test/**",
      from: Date.UTC(2026, 1, 1),
      state: "planned",
      until: null,
    });
  });

  const wrong: readonly (readonly [string, readonly string[], number, string])[] = [
    ["without a reason", ["on", key], 64, "(freeze-without-reason)"],
    ["without a service", ["on", ...why], 64, "Name one service, or say --all."],
    ["with a service and --all", ["on", key, "--all", ...why], 64, "two things"],
    ["with two ends", ["on", key, "--for", "4h", "--until", "2026-12-24", ...why], 64, "two ends"],
    ["with a time that is none", ["on", key, "--until", "tomorrow", ...why], 64, "on the clock of UTC"],
    ["with a duration that is none", ["on", key, "--for", "4 hours", ...why], 64, "30m, 4h or 2d"],
    ["that is over already", ["on", key, "--until", "2026-01-01", ...why], 64, "(freeze-ends-early)"],
    [
      "of a service that is not known",
      ["on", "gantry-test/europe-west1/other", ...why],
      1,
      "(freeze-covers-nothing)",
    ],
    ["of a name that is not known", ["on", "other", ...why], 1, "(service-not-found)"],
  ];
  for (const [what, argv, code, text] of wrong)
    it(`on refuses a freeze ${what}, and nothing is frozen`, async () => {
      const { exitCode, stdout, stderr } = await run(...argv);
      expect(exitCode, stderr).to.equal(code);
      expect(stdout).to.equal("");
      expect(stderr).to.include(text).and.include("Next:");
      expect(JSON.parse((await run("list", "--all", "--json")).stdout).freezes).to.deep.equal([]);
    });

  it("list shows who stopped what, until when and why; --all also what is over", async () => {
    const id = idOf((await run("on", "background-removal", "--for", "4h", ...why)).stdout);
    const { exitCode, stdout, stderr } = await run("list");
    expect(exitCode).to.equal(0);
    expect(stdout).to.match(/^ID +SERVICES +STATE +UNTIL +BY +WHY\n/);
    expect(stdout).to.match(
      new RegExp(`${id} +${key} +stands +Mon 5 Jan 2026 13:00 UTC +olivia +the database moves`),
    );
    expect(stdout).to.match(
      /- +Every service like other\/\*\* +stands +Tue 6 Jan 2026 00:00 UTC +the policy +holidays/,
    );
    expect(stderr).to.equal("Next: gantry freeze off ID\n");
    await run("off", id, "--reason", "it moved");
    expect((await run("list")).stdout).to.not.include(id);
    expect((await run("list", "--all")).stdout).to.match(new RegExp(`${id} .*lifted by olivia: it moved`));
  });

  it("off lifts one by its id, those of a service, or all", async () => {
    const id = idOf((await run("on", "--all", ...why)).stdout);
    const own = idOf((await run("on", key, ...why)).stdout);
    const lifted = await run("off", "background-removal");
    expect(lifted.stdout).to.include(`The freeze ${own} of ${key} is lifted by olivia`);
    expect(lifted.stdout).to.include("It is not free yet: Every service is frozen by olivia");
    const wider = await run("off", key);
    expect(wider.exitCode).to.equal(1);
    expect(wider.stderr)
      .to.include("(freeze-not-found)")
      .and.include(`gantry freeze off ${id}   # **: the database moves`);
    expect((await run("off", id)).exitCode).to.equal(0);
    await run("on", key, ...why);
    await run("on", "gantry-test/**", ...why);
    const all = await run("off", "--all", "--json");
    expect(JSON.parse(all.stdout).lifted).to.have.length(2);
    expect((await run("off", "--all")).exitCode).to.equal(1);
  });

  it("off wants to know which one, and says that an id is not known", async () => {
    expect((await run("off")).exitCode).to.equal(64);
    expect((await run("off", key, "--all")).exitCode).to.equal(64);
    const { exitCode, stderr } = await run("off", "f-unknown0");
    expect(exitCode).to.equal(1);
    expect(stderr).to.include("There is no freeze f-unknown0").and.include("Next:    gantry freeze list");
  });

  it("shows in status", async () => {
    await run("on", key, ...why);
    const { stdout } = await harness.run(["status", key]);
    expect(stdout).to.match(
      /Frozen +.* is frozen by olivia until somebody lifts it: the database moves\. A rollback always may run\./,
    );
    expect((await harness.run(["status"])).stdout).to.include("Frozen. v1.0.0");
  });

  it("is passed by a deploy that says why", async () => {
    await inFolder(async (cwd) => {
      const argv = ["deploy", "v1.0.1", "--despite-freeze", "the site is down"];
      const { exitCode } = await harness.run(argv, { cwd });
      expect(exitCode).to.equal(0);
      expect(harness.requests.at(-1)).to.include({ tag: "v1.0.1", despiteFreeze: "the site is down" });
    });
  });

  it("needs a server", async () => {
    const { exitCode, stderr } = await runCli(["freeze", "list", "--json"]);
    expect(exitCode).to.equal(64);
    expect(JSON.parse(stderr).error).to.include({ code: "server-not-named" });
  });
});
