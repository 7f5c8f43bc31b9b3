import { expect } from "chai";
import type { Policy } from "../shared/domain/policy.ts";
import { AppError } from "../shared/ports/app-error.ts";
import { topics } from "../shared/ports/bus.ts";
import type { ReleaseRequest } from "../shared/usecases/desk.ts";
import { releaseIdFor } from "../shared/usecases/release-id.ts";
import { commitSha, monday } from "../test/support/fixtures.ts";
import {
  type FunctionHarness,
  functionHarness,
  gantryYaml,
  openPolicy,
  pubSubEvent,
  releaseRequest,
  repository,
} from "../test/support/function-harness.ts";
import { build } from "./build.ts";

const id = releaseIdFor("github/1");

function ask({ deps, finished }: FunctionHarness, changes: Partial<ReleaseRequest> = {}): Promise<void> {
  return finished(build(deps)(pubSubEvent(topics.releases, releaseRequest(changes))));
}

const oneRule = (rule: Partial<Policy["repositories"][number]>): Policy =>
  openPolicy({
    repositories: [{ repository: "perkie/*", services: ["**"], branches: null, accounts: [], ...rule }],
  });

const limits = openPolicy().limits;

type Case = Readonly<{
  name: string;
  code: string;
  message: string;
  problems?: readonly string[];
  request?: Partial<ReleaseRequest>;
  policy?: Policy;
  files?: Readonly<Record<string, string>>;
  commits?: readonly string[];
  /** What a push may only not show yet is refused this late. */
  afterMs?: number;
}>;

const notShownForMs = 30_500;

const refusals: readonly Case[] = [
  {
    name: "a tag with characters that a shell would read",
    code: "tag-invalid",
    message:
      'The tag "v1;rm -rf" has characters that Gantry does not take; use letters, digits, and . _ + / -',
    request: { tag: "v1;rm -rf" },
  },
  {
    name: "a repository that the policy does not list",
    code: "repository-not-listed",
    message: "gantry.policy.yaml does not list the repository evil/fork, so it releases nothing.",
    request: { repository: "evil/fork" },
  },
  {
    name: "a tag that does not exist",
    code: "tag-not-found",
    afterMs: notShownForMs,
    message: `${repository} has no tag v9.9.9. Push it first: git push origin v9.9.9`,
    request: { tag: "v9.9.9" },
  },
  {
    name: "a commit that is none",
    code: "commit-not-found",
    message: '"main" is no commit; name it by all of its 40 digits.',
    request: { commit: "main" },
  },
  {
    name: "a commit that the repository does not have",
    code: "commit-not-found",
    message: `${repository} has no commit ${commitSha("dead")}.`,
    request: { commit: commitSha("dead") },
    afterMs: notShownForMs,
  },
  {
    name: "a commit without gantry.yaml",
    code: "config-missing",
    afterMs: notShownForMs,
    message: `${repository} at c0ffee0 has no gantry.yaml at its root. Write one and check it with: gantry validate`,
    files: {},
  },
  {
    name: "a gantry.yaml with mistakes, each with its place",
    code: "config-invalid",
    message: `gantry.yaml in ${repository} at c0ffee0 has 2 problem(s). Check with: gantry validate`,
    files: { "gantry.yaml": gantryYaml("nonsense: 1\nnotify: { slack: 5 }") },
    problems: [
      "gantry.yaml:7:1 nonsense: unknown key; known here: version, service, source, build, guardrails, runtime, verify, approval, rollout, warmup, notify",
      "gantry.yaml:8:18 notify.slack: must be text, not the number 5",
    ],
  },
  {
    name: "a gantry.yaml that is another repository's",
    code: "repository-differs",
    message: `gantry.yaml says source.repository is ${repository}, but the tag was pushed to perkie/other.`,
    request: { repository: "perkie/other" },
  },
  {
    name: "a service that the repository may not release",
    code: "service-not-allowed",
    message: `The policy does not let the repository "${repository}" release the service "gantry-test/europe-west1/background-removal".`,
    policy: oneRule({ services: ["gantry-test/europe-west1/other"] }),
  },
  {
    name: "a gantry.yaml that is looser than the policy allows, each with its place",
    code: "policy-limits",
    message: "gantry.yaml is looser than gantry.policy.yaml allows.",
    policy: openPolicy({
      limits: { ...limits, maxFirstStepPercent: 5, minBakeMs: 600_000, requireChecks: true },
    }),
    problems: [
      "gantry.yaml:1:1 verify.checks: is empty; the policy asks for at least one check",
      "gantry.yaml:5:22 rollout.steps[0].traffic: is 10%; the policy allows at most 5% at first",
      "gantry.yaml:6:9 rollout.bake: is 1m; the policy asks for at least 10m",
    ],
  },
  {
    name: "a commit on none of the branches",
    code: "branch-not-allowed",
    afterMs: notShownForMs,
    message: "v1.0.0 names a commit that lies on none of the branches release, hotfix.",
    policy: oneRule({ branches: ["release", "hotfix"] }),
  },
  {
    name: "anything in a freeze",
    code: "frozen",
    message:
      "Every service is frozen by the operator's policy until Wed 7 Jan 2026 00:00 UTC: holidays. So v1.0.0 is not released: traffic stays as it is, and a rollback always may run. When the freeze is over: gantry deploy v1.0.0. To release it all the same: gantry deploy v1.0.0 --despite-freeze REASON.",
    policy: openPolicy({
      freezes: [
        {
          kind: "once",
          name: "holidays",
          zone: "UTC",
          services: ["**"],
          from: "2026-01-01T00:00",
          to: "2026-01-07T00:00",
        },
      ],
    }),
  },
];

describe("functions/build: requests for releases", () => {
  it("takes a release and starts its build in the same invocation", async () => {
    const harness = functionHarness();
    await ask(harness);
    expect((await harness.state()).active).to.deep.include({ id, status: "building", tag: "v1.0.0" });
    expect(harness.world.builds).to.deep.equal([`${id} v1.0.0 cloudbuild-nocache.yaml`]);
    expect(await harness.events(id)).to.deep.equal([
      "release-requested",
      "release-began",
      "preflight-passed",
      "build-started",
    ]);
  });

  it("takes one release from any number of deliveries, and builds once", async () => {
    const harness = functionHarness();
    for (let delivery = 0; delivery < 3; delivery += 1) await ask(harness);
    expect(harness.world.builds).to.have.length(1);
    expect(await harness.deps.store.refusals({ limit: 9 })).to.deep.equal([]);
  });

  for (const { name, code, message, problems = [], afterMs = 0, ...given } of refusals)
    it(`refuses ${name}, and builds nothing`, async () => {
      const harness = functionHarness(given.policy ? { policy: given.policy } : {});
      if (given.files) harness.world.files = new Map(Object.entries(given.files));
      await ask(harness, given.request);
      const refusal = await harness.deps.store.refusal(id);
      expect(refusal).to.deep.include({ id, at: monday + afterMs, code, message, problems });
      expect(refusal?.requestedBy).to.equal("ada");
      expect(harness.world.builds).to.deep.equal([]);
      expect((await harness.state()).active).to.equal(null);
    });

  it("says what the service itself refuses, and how to go on anyway", async () => {
    const harness = functionHarness();
    await ask(harness);
    await ask(harness, { requestId: "github/2" });
    const refusal = await harness.deps.store.refusal(releaseIdFor("github/2"));
    expect(refusal).to.deep.include({
      code: "tag-already-released",
      message: `v1.0.0 was requested before, as ${id}. Nothing was started. To go on anyway: gantry deploy v1.0.0`,
      commit: commitSha(),
      service: harness.world.service,
    });
  });

  it("leaves tags alone that are no release's, but for a person who names one on purpose", async () => {
    const harness = functionHarness();
    harness.world.tags.set("nightly", commitSha());
    await ask(harness, { tag: "nightly" });
    expect(await harness.deps.store.refusals({ limit: 9 })).to.deep.equal([]);
    expect(harness.lines.at(-1)).to.include({ code: "tag-not-matched" });
    await ask(harness, { tag: "nightly", requestId: "api/1", explicit: true });
    expect((await harness.state()).active).to.include({ tag: "nightly" });
  });

  it("asks only the rules of this service for branches", async () => {
    const rules = [
      { repository, services: ["gantry-test/europe-west1/other"], branches: ["release"], accounts: [] },
      {
        repository,
        services: ["gantry-test/europe-west1/background-removal"],
        branches: ["next", "main"],
        accounts: [],
      },
    ];
    const harness = functionHarness({ policy: openPolicy({ repositories: rules }) });
    await ask(harness);
    expect((await harness.state()).active).to.include({ id });
    harness.world.branches = new Set(["release"]);
    await ask(harness, { requestId: "api/1", explicit: true });
    const refusal = await harness.deps.store.refusal(releaseIdFor("api/1"));
    expect(refusal?.message).to.equal("v1.0.0 names a commit that lies on none of the branches next, main.");
  });

  it("uses the build file that gantry.yaml names, below its directory", async () => {
    const harness = functionHarness();
    const yaml = gantryYaml("build: { config: ci/build.yaml }").replace(
      '"v*.*.*"',
      '"v*.*.*", directory: api',
    );
    harness.world.files = new Map([
      ["gantry.yaml", yaml],
      ["api/ci/build.yaml", "steps: []"],
    ]);
    await ask(harness);
    expect(harness.world.builds).to.deep.equal([`${id} v1.0.0 api/ci/build.yaml`]);
  });

  it("fails a release whose build file is not there, with the place that names it", async () => {
    const harness = functionHarness();
    harness.world.files = new Map([["gantry.yaml", gantryYaml("build: { config: build.yaml }")]]);
    await ask(harness);
    expect((await harness.deps.store.release(id))?.failure).to.deep.equal({
      code: "build-not-started",
      message: `${repository} has no file build.yaml at c0ffee0, which build.config in gantry.yaml names.`,
    });
  });

  it("fails a release whose build Cloud Build refuses, with every problem", async () => {
    const harness = functionHarness();
    const problems = ["build.yaml:1:1 steps: is missing", "build.yaml:2:1 images: is missing"];
    harness.world.start = async () => ({ outcome: "refused", message: "cannot be built", problems });
    await ask(harness);
    const record = await harness.deps.store.release(id);
    expect(record?.status).to.equal("failed");
    expect(record?.failure?.message).to.equal(["cannot be built", ...problems].join("\n"));
  });

  for (const [what, data, raw] of [
    ["no base64 of JSON", null, "%%%"],
    ["no JSON", null, Buffer.from("{").toString("base64")],
    ["no request", { tag: "v1.0.0" }, undefined],
    ["another type", releaseRequest({ tag: 5 as never }), undefined],
    ["too long a tag", releaseRequest({ tag: "v".repeat(300) }), undefined],
    ["empty", null, ""],
  ] as const)
    it(`throws a message that is ${what} back, so that it ends in the dead letter`, async () => {
      const { deps } = functionHarness();
      const error = await build(deps)(pubSubEvent(topics.releases, data, raw)).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(AppError).with.property("code", "message-invalid");
      expect(error)
        .to.have.property("message")
        .that.matches(/^Message message-1 of .* cannot be read: /);
    });
});
