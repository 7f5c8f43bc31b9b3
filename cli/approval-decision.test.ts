import { expect } from "chai";
import { cliHarness } from "../test/support/cli-harness.ts";
import { candidate, image, monday, releaseId, requested } from "../test/support/fixtures.ts";
import { stable } from "../test/support/release-story.ts";

const at = { at: monday, releaseId: releaseId() };
const expiresAt = monday + 3_600_000;

describe("gantry approve and reject", () => {
  let harness: Awaited<ReturnType<typeof cliHarness>>;
  beforeEach(async () => {
    harness = await cliHarness();
    await harness.tell([
      requested(),
      { type: "candidate-deployed", ...at, candidate: candidate(), stable },
      {
        type: "approval-requested",
        ...at,
        approvalId: "approval-1",
        digest: image().digest,
        configHash: "config-1",
        from: [],
        count: 1,
        expiresAt,
      },
    ]);
  });
  afterEach(() => harness.stop());

  const approve = ["approve", "release-1"];
  const reject = ["reject", "release-1", "--reason", "not today"];

  for (const argv of [approve, reject]) {
    const [verb = ""] = argv;

    it(`shows what is decided before it sends ${verb}, and sends the request that it showed`, async () => {
      const { exitCode, stdout, stderr } = await harness.run(argv);
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 0, stdout: "Done.\n" });
      expect(harness.asked).to.have.length(1);
      expect(harness.asked[0]).to.have.property("verb", verb);
      expect(harness.asked[0]?.params).to.include({ approvalId: "approval-1" });
      expect(stderr).to.match(/^What is decided: v1\.0\.0 of gantry-test\/europe-west1\/background-removal/);
      for (const told of [
        "c0ffee0000000000000000000000000000000000 of perkie/background-removal",
        candidate().image.digest,
        "10 % for 1 min, 100 %",
        "Pushed by    ada",
        "0 of anybody",
        "nobody yet",
        "2026-01-05 10:00",
      ])
        expect(stderr).to.include(told);
    });

    it(`takes nothing but yes for a yes to ${verb} at a terminal`, async () => {
      const questions: string[] = [];
      const typing = (answer: string) => ({
        ask: async (question: string) => {
          questions.push(question);
          return answer;
        },
      });
      for (const answer of ["", "n", "approve"]) {
        const { exitCode, stderr } = await harness.run(argv, typing(answer));
        expect(exitCode).to.equal(2);
        expect(stderr)
          .to.include("(not-confirmed)")
          .and.match(new RegExp(`Next: +gantry ${verb} release-1.* --yes`));
      }
      expect(harness.asked).to.deep.equal([]);
      expect((await harness.run(argv, typing("yes"))).exitCode).to.equal(0);
      expect((await harness.run([...argv, "--yes"], typing("no"))).exitCode).to.equal(0);
      expect(harness.asked).to.have.length(2);
      expect(questions).to.have.length(4);
      expect(questions[0]).to.match(
        /^(Approve|Reject) v1\.0\.0 of gantry-test\S+ \(sha256:d1\S+\)\? \[y\/N\] $/,
      );
    });

    it(`writes nothing but the answer of ${verb} with --json`, async () => {
      const { stdout, stderr } = await harness.run([...argv, "--json"]);
      expect(JSON.parse(stdout)).to.include({ message: "Done." });
      expect(stderr).to.equal("");
    });
  }

  it("tells that the request is another one by now", async () => {
    const next = "gantry releases show release-1";
    harness.script.answer = { ok: false, code: "approval-void", message: "Another request.", next };
    const { exitCode, stderr } = await harness.run(approve);
    expect(exitCode).to.equal(1);
    expect(stderr).to.include("(approval-void)").and.include(`Next:    ${next}`);
  });

  it("asks for a decision on no release that there is not", async () => {
    const { exitCode, stderr } = await harness.run(["approve", "release-9"]);
    expect(exitCode).to.equal(1);
    expect(stderr).to.include("(release-not-found)");
    expect(harness.asked).to.deep.equal([]);
  });
});
