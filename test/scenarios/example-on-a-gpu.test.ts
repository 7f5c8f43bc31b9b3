import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { parse } from "yaml";
import { onStage, repository } from "../../cli/rehearse/stage.ts";

/** The sections of the example's own gantry.yaml but for those that the demo repository has of its own. */
async function exampleSections(): Promise<Record<string, object>> {
  const text = await readFile("examples/background-removal/gantry.yaml", "utf8");
  const { version: _version, service: _service, source: _source, build: _build, ...sections } = parse(text);
  return sections;
}

describe("examples/background-removal", function () {
  this.timeout(60_000);

  it("is deployed on a GPU from its own gantry.yaml, proven in every point, and waits for approval", async () => {
    const options = {
      setting: { bare: true, config: await exampleSections() },
      version: "test",
      seed: 1,
      env: process.env,
      log: () => undefined,
      signal: AbortSignal.timeout(50_000),
    };
    await onStage(options, async (stage) => {
      await stage.command("/releases", { repository, tag: stage.demo.liveTag });
      const release = await stage.requested(stage.demo.liveTag);
      const isDone = ({ type }: { type: string }) =>
        type === "approval-requested" || type === "release-failed";
      await stage.trail.until((event) => event.releaseId === release && isDone(event));
      const passed = stage.trail.of(release).find(({ type }) => type === "gate-passed");
      const checks = passed?.type === "gate-passed" ? passed.checks : [];
      expect(checks.map(({ name, verdict }) => `${name} ${verdict}`)).to.deep.equal([
        "identity pass",
        "cold start pass",
        "health pass",
        "model pass",
        "storage pass",
        "memory pass",
        "gpu pass",
        "startup log pass",
      ]);
      expect(checks[1]?.warning).to.equal("outside of the expected 30 s to 60 s");
      expect(checks[6]?.measured).to.match(/1 nvidia-l4, Cloud Monitoring measures it.*device: nvidia-l4/);
      expect(stage.trail.of(release).at(-1)?.type).to.equal("approval-requested");
    });
  });
});
