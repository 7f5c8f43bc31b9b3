import { expect } from "chai";
import { scenarios } from "../../cli/rehearse/catalogue.ts";
import { type GoogleGround, startGoogleGround } from "../../cli/rehearse/google-ground.ts";
import { rehearse } from "../../cli/rehearse/rehearsal.ts";
import { ownPrograms } from "../support/google-emulators.ts";

/** One that goes live, one that goes back by itself, one that a person takes back; `gantry rehearse` has them all. */
const chosen = ["good-release", "fails-during-rollout", "manual-rollback"];

describe("gantry rehearse --engine google", function () {
  this.timeout(240_000);
  let ground: GoogleGround;
  before(async function () {
    await ownPrograms(this);
    ground = await startGoogleGround(process.env);
  });
  after(() => ground?.close());

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
