import { expect } from "chai";
import {
  functionHarness,
  openPolicy,
  pubSubEvent,
  releaseRequest,
} from "../../test/support/function-harness.ts";
import { topics } from "../ports/bus.ts";
import { admit } from "./admit.ts";
import { releaseIdFor } from "./release-id.ts";

describe("admit()", () => {
  for (const repository of ["", "perkie", "*/*", "../..", "perkie/..", "a/b/c", "a b/c", "x".repeat(300)]) {
    it(`writes down that ${JSON.stringify(repository.slice(0, 20))} is no repository, and asks nobody about it`, async () => {
      const policy = openPolicy({ repositories: [{ repository: "**", services: ["**"], branches: null }] });
      const { deps, world, finished } = functionHarness({ policy });
      let asked = 0;
      world.sourcePort.resolveTag = async () => {
        asked += 1;
        return null;
      };
      await finished(admit(deps, pubSubEvent(topics.releases, releaseRequest({ repository }))));
      const refusal = await deps.store.refusal(releaseIdFor("github/1"));
      expect(refusal).to.include({ code: "repository-invalid", repository });
      expect(refusal?.message).to.include("owner/name");
      expect(asked).to.equal(0);
    });
  }
});
