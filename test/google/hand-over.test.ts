import { expect } from "chai";
import type { GoogleGround } from "../../cli/rehearse/google-ground.ts";
import { rehearse } from "../../cli/rehearse/rehearsal.ts";
import type { Scenario } from "../../cli/rehearse/scenario.ts";
import type { RelayedPush } from "../../emulator/google/push-relay.ts";
import { sharedGround } from "../support/google-emulators.ts";

/** A hold and a bake, each longer than the functions of a rehearsal go on, which is 3 s. */
const rollout = {
  steps: [{ traffic: "20%", hold: "4s" }, { traffic: "100%" }],
  watch: { every: "1s", errors: { max: "1%" } },
  bake: "4s",
  onFailure: "rollback",
};

describe("a release that takes longer than a function may run", function () {
  this.timeout(240_000);
  let ground: GoogleGround;
  before(async function () {
    ground = await sharedGround(this);
  });

  it("is handed from call to call of the rollout, each answered with 204, and every step is taken once", async () => {
    const pushes: RelayedPush[] = [];
    const scenario: Scenario = {
      name: "handed-over",
      story: "",
      expected: "live",
      live: "candidate",
      setting: { config: { rollout }, pushes: { onDelivery: (push) => void pushes.push(push) } },
      play: async (stage) => {
        pushes.length = 0; // of the release before
        const [id] = await stage.push("v1.1.0");
        if (id === undefined) return [];
        await stage.ended(id, "release-live");
        return [id];
      },
    };
    const stopping = new AbortController().signal;
    const options = { scenario, version: "test", seed: 1, env: process.env, stopping, google: ground };
    const { rehearsal, log } = await rehearse(options);
    expect(rehearsal.problems, log.slice(-30).join("\n")).to.deep.equal([]);
    const calls = pushes.filter(({ subscription }) => subscription === "rollout-work");
    const worked = calls.filter(({ durationMs }) => durationMs > 1_000);
    expect(worked.map(({ status }) => status)).to.satisfy((all: (number | null)[]) =>
      all.every((status) => status === 204),
    );
    expect(worked.length, JSON.stringify(calls)).to.be.at.least(2);
    const moved = rehearsal.events.filter(({ type }) => type === "traffic-moved");
    expect(moved).to.have.length(2);
  });
});
