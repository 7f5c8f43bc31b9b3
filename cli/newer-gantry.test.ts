import { expect } from "chai";
import { cliHarness } from "../test/support/cli-harness.ts";
import { commitOf, releaseRecord, requested, serviceKey, work } from "../test/support/fixtures.ts";
import { newerEvent, newerState, newerWork, withUnknown } from "../test/support/newer-gantry.ts";

describe("the command line, where a newer Gantry wrote the state", () => {
  let harness: Awaited<ReturnType<typeof cliHarness>>;
  beforeEach(async () => {
    harness = await cliHarness();
    await harness.commit(
      commitOf({
        state: newerState(),
        events: [requested(), newerEvent()],
        releases: [withUnknown(releaseRecord(), { status: "shadowing" })],
        owed: [newerWork(), work()],
      }),
    );
  });
  afterEach(() => harness.stop());

  const { id } = releaseRecord();
  const asked: readonly (readonly string[])[] = [
    ["status"],
    ["status", serviceKey()],
    ["releases", "list"],
    ["releases", "show", id],
    ["releases", "explain", id],
  ];
  for (const argv of asked)
    it(`answers "gantry ${argv.join(" ")}", and says so`, async () => {
      const { exitCode, stdout, stderr } = await harness.run(argv);
      expect([exitCode, stderr]).to.deep.equal([0, ""]);
      expect(stdout)
        .to.match(/newer Gantry|Unknown/)
        .and.not.include("undefined");
    });
});
