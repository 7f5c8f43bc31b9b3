import { expect } from "chai";
import { scenarios } from "../../cli/rehearse/catalogue.ts";
import type { GoogleGround } from "../../cli/rehearse/google-ground.ts";
import { rehearse } from "../../cli/rehearse/rehearsal.ts";
import { sharedGround } from "../support/google-emulators.ts";

/** One that goes back by itself; `gantry rehearse --engine google` has them all, and the bad days beside this go live. */
const chosen = ["fails-during-rollout"];

describe("gantry rehearse --engine google", function () {
  this.timeout(240_000);
  let ground: GoogleGround;
  before(async function () {
    ground = await sharedGround(this);
  });

  for (const scenario of scenarios.filter(({ name }) => chosen.includes(name)))
    it(`plays ${scenario.name}`, async () => {
      const stopping = new AbortController().signal;
      const options = { scenario, version: "test", seed: 1, env: process.env, stopping, google: ground };
      const { rehearsal, log } = await rehearse(options);
      expect(rehearsal.problems, log.slice(-30).join("\n")).to.deep.equal([]);
      expect(rehearsal.outcome).to.equal(scenario.expected);
      expect(rehearsal.ok).to.equal(true);
    });
});
