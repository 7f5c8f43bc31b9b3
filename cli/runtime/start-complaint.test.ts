import { expect } from "chai";
import { toDecideOn } from "../../shared/ports/stored-state.ts";
import { newerState } from "../../test/support/newer-gantry.ts";
import { Complaint } from "../complaint.ts";
import { startOrComplain } from "./start-complaint.ts";

const advice = {
  otherPort: (port: number) => `gantry serve --port ${port}`,
  otherState: "gantry serve --db OTHER_FILE",
};

describe("a start that cannot be", () => {
  it("says of a state that only a newer Gantry may go on with what that means, and what to type", async () => {
    const state = newerState();
    const start = async () => toDecideOn({ state, version: 1 });
    const error = await startOrComplain(advice, start).catch((thrown: unknown) => thrown);
    if (!(error instanceof Complaint)) throw error;
    expect(error.message).to.include("a newer Gantry wrote its state");
    expect(JSON.stringify(error)).to.include(`gantry rollback ${state.key} --direct`);
  });
});
