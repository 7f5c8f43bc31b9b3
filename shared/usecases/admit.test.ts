import { expect } from "chai";
import { commitSha, monday } from "../../test/support/fixtures.ts";
import {
  functionHarness,
  openPolicy,
  pubSubEvent,
  releaseRequest,
} from "../../test/support/function-harness.ts";
import { settle } from "../../test/support/manual-clock.ts";
import { AppError } from "../ports/app-error.ts";
import { topics } from "../ports/bus.ts";
import { admit } from "./admit.ts";
import { releaseIdFor } from "./release-id.ts";

describe("admit()", () => {
  for (const repository of ["", "perkie", "*/*", "../..", "perkie/..", "a/b/c", "a b/c", "x".repeat(300)]) {
    it(`writes down that ${JSON.stringify(repository.slice(0, 20))} is no repository, and asks nobody about it`, async () => {
      const policy = openPolicy({
        repositories: [{ repository: "**", services: ["**"], branches: null, accounts: [] }],
      });
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

describe("admit(), of what was pushed a moment ago", () => {
  const id = releaseIdFor("github/1");
  const branches = openPolicy({
    repositories: [{ repository: "**", services: ["**"], branches: ["main"], accounts: [] }],
  });

  /** A git host that does not show a part of the push before `atMs`. */
  function lagging(part: string, atMs: number) {
    const harness = functionHarness({ policy: branches });
    const { world, clock } = harness;
    const { sourcePort: source } = world;
    const { resolveTag, committedAt, readFile, isOnBranch } = source;
    const isShown = (): boolean => clock.now() - monday >= atMs;
    if (part === "tag") source.resolveTag = async (asked) => (isShown() ? resolveTag(asked) : null);
    if (part === "commit") source.committedAt = async (asked) => (isShown() ? committedAt(asked) : null);
    if (part === "file") source.readFile = async (asked) => (isShown() ? readFile(asked) : null);
    if (part === "branch") source.isOnBranch = async (asked) => isShown() && isOnBranch(asked);
    const admitted = (changes: Parameters<typeof releaseRequest>[0] = {}) => {
      const commit = part === "tag" ? null : commitSha();
      return admit(harness.deps, pubSubEvent(topics.releases, releaseRequest({ commit, ...changes })));
    };
    return { ...harness, admitted };
  }

  const late = [
    ["tag", "tag-not-found"],
    ["commit", "commit-not-found"],
    ["file", "config-missing"],
    ["branch", "branch-not-allowed"],
  ] as const;
  for (const [part, code] of late) {
    it(`releases it though the git host shows the ${part} seconds later`, async () => {
      const { admitted, finished, deps, state } = lagging(part, 5_000);
      await finished(admitted());
      expect(await deps.store.refusal(id)).to.equal(null);
      expect((await state()).active).to.include({ id });
    });

    it(`refuses it with ${code} after half a minute, and at once where a person asks by hand`, async () => {
      const { admitted, finished, deps, clock } = lagging(part, 3_600_000);
      const byHand = { requestId: "api/1", explicit: true };
      await finished(admitted(byHand));
      expect(await deps.store.refusal(releaseIdFor("api/1"))).to.include({ code, at: monday });
      const began = clock.now();
      await finished(admitted());
      const refusal = await deps.store.refusal(id);
      expect(refusal).to.include({ code });
      expect((refusal?.at ?? 0) - began).to.be.within(30_000, 31_000);
    });
  }

  it("refuses nothing when the process stops meanwhile, so that the request is delivered again", async () => {
    const { admitted, deps } = lagging("commit", 3_600_000);
    const stopped = admitted().catch((thrown: unknown) => thrown);
    await settle();
    deps.running.stopAll();
    expect(await stopped).to.be.instanceOf(AppError);
    expect(await deps.store.refusals({ limit: 9 })).to.deep.equal([]);
  });

  it("refuses a commit that can be none at once", async () => {
    const { admitted, finished, deps } = lagging("commit", 0);
    await finished(admitted({ commit: "main" }));
    expect(await deps.store.refusal(id)).to.include({ code: "commit-not-found", at: monday });
  });
});
