import { expect } from "chai";
import { firstLook } from "../../cli/rehearse/scenarios/lost-tags.ts";
import { onStage, repository, type Stage } from "../../cli/rehearse/stage.ts";

type Status = Readonly<{ state: string; description: string; log_url: string; context: string }>;

/** Reads from the local GitHub, newest first. */
async function github<T>(stage: Stage, path: string): Promise<readonly T[]> {
  const answer = await fetch(`${stage.cloud.git.url}/repos/${repository}${path}`);
  return (await answer.json()) as readonly T[];
}

/** Waits until the local GitHub shows a state, which is told after the release went on. */
async function shown(stage: Stage, path: string, state: string): Promise<readonly Status[]> {
  for (;;) {
    const statuses = await github<Status>(stage, path);
    if (statuses[0]?.state === state) return statuses;
    await new Promise((resolve) => setTimeout(resolve, 50));
    stage.signal.throwIfAborted();
  }
}

describe("a release and GitHub", function () {
  this.timeout(60_000);

  const log: string[] = [];
  const options = {
    version: "test",
    seed: 1,
    env: process.env,
    log: (line: string) => void log.push(line),
    signal: new AbortController().signal,
  };

  it("is found though its webhook was lost, and shows there as a deployment and beside its commit", async () => {
    await onStage({ ...options, setting: { findsTags: true } }, async (stage) => {
      await firstLook(stage);
      stage.cloud.git.faults.set("lose-webhooks");
      const [id] = await stage.push("v1.1.0");
      if (id === undefined) throw new Error("there is no release");
      await stage.ended(id, "release-live");
      const { release } = await stage.trail.first("release-requested", id);
      expect(release.requestedBy).to.deep.equal({ kind: "system", name: "the sweep, which found the tag" });
      type Deployment = Readonly<{ id: number; sha: string; environment: string; payload: object }>;
      const [latest, before] = await github<Deployment>(stage, "/deployments");
      if (latest === undefined || before === undefined) throw new Error("there are no two deployments");
      expect(latest).to.deep.include({ environment: stage.service, payload: { release: id } });
      const told = await shown(stage, `/deployments/${latest.id}/statuses`, "success");
      expect(told[0]?.description).to.equal("v1.1.0 is live");
      expect(told[0]?.log_url).to.match(new RegExp(`/releases/${id}$`));
      const states = [...told].reverse().map(({ state }) => state);
      expect(states.slice(0, -1).every((state) => state === "queued" || state === "in_progress")).to.equal(
        true,
      );
      await shown(stage, `/deployments/${before.id}/statuses`, "inactive");
      const context = "gantry/inspirenet-bg-removal-api";
      const commit = await shown(stage, `/commits/${latest.sha}/statuses`, "success");
      expect(commit.map((each) => [each.context, each.state])).to.deep.equal([
        [context, "success"],
        [context, "pending"],
      ]);
    });
  });

  it("is found where four tags are pushed at once, of which GitHub tells none; the newest goes live", async () => {
    await onStage({ ...options, setting: { findsTags: true } }, async (stage) => {
      await firstLook(stage);
      const older = ["v1.1.0", "v1.2.0", "v1.3.0"];
      void stage.push(...older, "v1.8.0").catch(() => undefined); // not each becomes a release
      const newest = await stage.requested("v1.8.0");
      await stage.ended(newest, "release-live");
      const deliveries = stage.cloud.git.deliveries(repository).filter(({ event }) => event === "push");
      expect(deliveries).to.deep.equal([]);
      const requested = stage.trail.events.flatMap((event) =>
        event.type === "release-requested" ? [event.release.tag] : [],
      );
      expect(requested).to.include("v1.8.0").and.to.not.include("v1.4.0");
    });
  });
});
