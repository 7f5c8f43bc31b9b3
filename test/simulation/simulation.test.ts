import { Simulation } from "./simulation.ts";

/** Set GANTRY_SEED to play one world again. `test/simulation/run.ts` plays many more. */
const given = process.env["GANTRY_SEED"];
const first = Number(given ?? 1);
const count = given === undefined ? 60 : 1;

describe("Gantry in worlds where much goes wrong at once", function () {
  this.timeout(60_000);

  it(`keeps its promises in ${count} worlds from seed ${first} on`, async () => {
    for (let seed = first; seed < first + count; seed += 1) {
      try {
        await new Simulation(seed).play();
      } catch (error) {
        throw new Error(`GANTRY_SEED=${seed} breaks: ${error instanceof Error ? error.message : error}`, {
          cause: error,
        });
      }
    }
  });
});
