import { expect } from "chai";
import { cliHarness } from "../../test/support/cli-harness.ts";
import { image, requested, serviceKey } from "../../test/support/fixtures.ts";
import { quarantined } from "../../test/support/quarantine.ts";

describe("gantry quarantine", () => {
  let harness: Awaited<ReturnType<typeof cliHarness>>;

  before(async () => {
    harness = await cliHarness();
    await harness.tell([requested()], {
      quarantine: [quarantined("d1"), quarantined("d2"), quarantined("ab")],
    });
    harness.script.answer = {
      ok: true,
      releaseId: requested().releaseId,
      status: "rolled-back",
      message: "Freed.",
    };
  });
  after(() => harness.stop());

  it("list shows each image with its tag and why", async () => {
    const { exitCode, stdout } = await harness.run(["quarantine", "list", "background-removal"]);
    expect(exitCode).to.equal(0);
    expect(stdout).to.match(/^IMAGE +TAG +RELEASE +SINCE +WHY\nsha256:ab0/);
    expect(stdout).to.include("The health check failed at 20 %.");
    const json = await harness.run(["quarantine", "list", serviceKey(), "--json"]);
    expect(JSON.parse(json.stdout).quarantine).to.have.length(3);
  });

  for (const typed of ["sha256:d1", "d1", "SHA256:D1", image("d1").digest]) {
    it(`free takes ${typed.slice(0, 20)} for the one image that begins so`, async () => {
      const { exitCode, stdout } = await harness.run(["quarantine", "free", "background-removal", typed]);
      expect(exitCode).to.equal(0);
      expect(stdout).to.equal("Freed.\n");
      expect(harness.asked.at(-1)?.params).to.include({ service: serviceKey(), digest: image("d1").digest });
    });
  }

  it("free asks which one is meant where several begin so", async () => {
    const { exitCode, stderr } = await harness.run(["quarantine", "free", serviceKey(), "d"]);
    expect(exitCode).to.equal(64);
    expect(stderr)
      .to.include("2 images")
      .and.include(`gantry quarantine free ${serviceKey()} ${image("d2").digest}`);
  });

  for (const typed of ["ff", "sha256:", ""]) {
    it(`free says that no image begins with ${JSON.stringify(typed)}`, async () => {
      const { exitCode, stderr } = await harness.run(["quarantine", "free", serviceKey(), typed]);
      expect(exitCode).to.equal(1);
      expect(stderr)
        .to.include("(not-quarantined)")
        .and.include(`Next:    gantry quarantine list ${serviceKey()}`);
    });
  }
});
