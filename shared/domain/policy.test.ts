import { expect } from "chai";
import {
  branchesFor,
  knownAs,
  limitProblems,
  matchesGlob,
  mayRelease,
  mayUseImage,
  noLimits,
  type Policy,
  personNamed,
} from "./policy.ts";
import type { ReleaseConfig } from "./release-config.ts";

const policy: Policy = {
  repositories: [
    { repository: "acme/*", services: ["acme-prod/us-central1/web-*"], branches: null, accounts: [] },
    { repository: "acme/web", services: ["acme-prod/europe-west1/web"], branches: null, accounts: [] },
  ],
  approvers: { "@oncall": ["U1"] },
  people: {},
  limits: noLimits,
  freezes: [],
  images: null,
  prices: [],
  access: { viewers: [], operators: [] },
};
const service = { project: "acme-prod", region: "us-central1", name: "web-shop" };
const config: ReleaseConfig = {
  service,
  source: { repository: "acme/web", tags: "v*.*.*", directory: "." },
  build: { config: null, timeoutMs: 1, repository: null, substitutions: {} },
  guardrails: {
    gpu: null,
    cpu: null,
    memoryBytes: null,
    concurrency: null,
    instances: null,
    timeoutMs: null,
    executionEnvironment: null,
    serviceAccount: null,
    ingress: null,
    secrets: null,
    probes: null,
  },
  runtime: { env: {}, port: null, serviceAccount: null },
  verify: { withinMs: 1, coldStart: null, memoryBelow: null, gpu: null, startupLogs: null, checks: [] },
  approval: { required: true, from: ["@oncall", "U7"], count: 1, authorMayApprove: true, expiresMs: 1 },
  rollout: {
    steps: [
      { percent: 50, holdMs: 90_000 },
      { percent: 100, holdMs: 0 },
    ],
    watch: { everyMs: 1, maxErrorShare: 0.05, latencyP95Ms: null, latencyIncrease: null },
    bakeMs: 60_000,
    onFailure: "hold",
  },
  warmup: null,
  notify: { slack: null },
};

describe("the operator's policy", () => {
  it("lets a listed repository release the services that one of its rules names", () => {
    expect(mayRelease(policy, { repository: "acme/any", service })).to.deep.equal({ ok: true });
    expect(mayRelease(policy, { repository: "ACME/Any", service })).to.deep.equal({ ok: true });
    const other = { ...service, region: "europe-west1", name: "web" };
    expect(mayRelease(policy, { repository: "acme/web", service: other })).to.deep.equal({ ok: true });
    expect(mayRelease(policy, { repository: "acme/any", service: other })).to.deep.equal({
      ok: false,
      reason:
        'The policy does not let the repository "acme/any" release the service "acme-prod/europe-west1/web".',
    });
  });

  it("refuses a repository that it does not list", () => {
    expect(mayRelease(policy, { repository: "evil/web", service })).to.deep.equal({
      ok: false,
      reason: 'The policy does not list the repository "evil/web", so it releases nothing.',
    });
  });

  it("asks for a branch only where every rule for the repository and the service does", () => {
    const rule = {
      repository: "acme/web",
      services: ["acme-prod/*/web-shop"],
      branches: ["main"],
      accounts: [],
    };
    const elsewhere = { repository: "acme/*", services: ["acme-dev/*/*"], branches: null, accounts: [] };
    const release = { repository: "acme/web", service };
    const strict = { ...policy, repositories: [rule, elsewhere, { ...rule, branches: ["release/*"] }] };
    expect(branchesFor(strict, release)).to.deep.equal(["main", "release/*"]);
    expect(
      branchesFor({ ...strict, repositories: [rule, { ...rule, branches: null, accounts: [] }] }, release),
    ).to.equal(null);
  });

  it("has no problem with a config when it limits nothing", () => {
    expect(limitProblems(policy, config)).to.deep.equal([]);
  });

  it("names every place of a config that is looser than it allows", () => {
    const strict: Policy = {
      ...policy,
      approvers: {},
      limits: {
        maxFirstStepPercent: 25,
        minHoldMs: 300_000,
        minBakeMs: 1_800_000,
        maxErrorShare: 0.011,
        requireApproval: ["acme-prod/**"],
        minApprovals: 2,
        authorMayApprove: false,
        requireChecks: true,
        requireRollback: true,
      },
    };
    expect(limitProblems(strict, config).map(({ path, message }) => `${path}: ${message}`)).to.deep.equal([
      "rollout.steps[0].traffic: is 50%; the policy allows at most 25% at first",
      "rollout.steps[0].hold: is 90s; the policy asks for at least 5m",
      "rollout.bake: is 1m; the policy asks for at least 30m",
      "rollout.watch.errors.max: is 5%; the policy allows at most 1.1%",
      'rollout.onFailure: is "hold"; the policy asks for "rollback"',
      "verify.checks: is empty; the policy asks for at least one check",
      'approval.from: "@oncall" is no group of the policy\'s approvers',
      "approval.count: is 1; the policy asks for at least 2",
      "approval.author: is true; the policy does not let authors approve their own release",
    ]);
    const unasked = { ...config, approval: { ...config.approval, required: false } };
    expect(limitProblems(strict, unasked).at(-1)).to.deep.equal({
      path: "approval.required",
      message: "is false; the policy asks for approval of this service",
    });
    expect(limitProblems(policy, unasked)).to.deep.equal([]);
  });

  it("takes a rollout without steps as one that begins at 100 %", () => {
    const limited = { ...policy, limits: { ...noLimits, maxFirstStepPercent: 25 } };
    const stepless = { ...config, rollout: { ...config.rollout, steps: [] } };
    expect(limitProblems(limited, stepless)).to.have.length(1);
  });

  const globs: readonly (readonly [glob: string, text: string, matches: boolean])[] = [
    ["acme/web", "acme/web", true],
    ["acme/web", "acme/webs", false],
    ["acme/*", "acme/web", true],
    ["acme/*", "acme/", true],
    ["acme/*", "acme/web/x", false],
    ["**", "a/b/c", true],
    ["a/**/c", "a/b/b/c", true],
    ["*a*b*", "xaxbx", true],
    ["*a*b*", "xbxax", false],
    ["a.c", "abc", false],
    ["", "", true],
    ["", "a", false],
    [`${"*a".repeat(30)}b`, "a".repeat(60), false],
  ];
  for (const [glob, text, matches] of globs) {
    it(`${matches ? "matches" : "does not match"} "${text}" with "${glob}"`, () => {
      expect(matchesGlob(glob, text)).to.equal(matches);
    });
  }
});

describe("people under one name", () => {
  const people = {
    robin: { github: ["robin-gh", "robin"], slack: ["U0ROBIN"], google: ["robin@example.com"] },
    Lee: { github: ["lee-works"], slack: ["U0LEE", "U1LEE"], google: [] },
  };
  const known: Policy = { ...policy, people };

  it("finds who has a login on GitHub, a user id in Slack or an address at Google, in capitals and small letters", () => {
    expect(personNamed(known, { github: "robin-gh" })).to.equal("robin");
    expect(personNamed(known, { github: "Lee-Works" })).to.equal("Lee");
    expect(personNamed(known, { slack: "U1LEE" })).to.equal("Lee");
    expect(personNamed(known, { google: "Robin@Example.com" })).to.equal("robin");
    expect(personNamed(known, { slack: "U0LEE", github: "nobody" })).to.equal("Lee");
  });

  it("takes nobody for somebody else", () => {
    expect(personNamed(known, {})).to.equal(null);
    expect(personNamed(known, { github: "U0ROBIN" })).to.equal(null);
    expect(personNamed(known, { slack: "robin-gh" })).to.equal(null);
    expect(personNamed(known, { github: "lee" })).to.equal(null);
    expect(personNamed(policy, { github: "robin" })).to.equal(null);
  });

  const person = (name: string, id?: string) => ({ kind: "person", name, ...(id ? { id } : {}) }) as const;
  for (const [who, as] of [
    [person("robin-gh"), "robin"],
    [person("ROBIN"), "robin"],
    [person("lee"), "Lee"],
    [person("robin@example.com"), "robin"],
    [person("robin@elsewhere.test"), "robin@elsewhere.test"],
    [person("whatever they call themselves", "U0LEE"), "Lee"],
    [person("robin", "U0LEE"), "Lee"],
    [person("joe"), "joe"],
    [person("joe", "U0JOE"), "joe"],
    [person("robin", "U0MALLORY"), "U0MALLORY"], // anybody can call themselves so in chat
    [person("Robin-GH", "U0MALLORY"), "U0MALLORY"],
    [person("robin@example.com", "U0MALLORY"), "U0MALLORY"],
    [{ kind: "system", name: "robin-gh" } as const, "robin-gh"],
  ] as const)
    it(`knows the ${who.kind} ${who.name}${"id" in who ? ` with the id ${who.id}` : ""} as ${as}`, () => {
      expect(knownAs(known, who)).to.deep.equal({ ...who, name: as });
    });
});

describe("mayUseImage()", () => {
  const own = "us-central1-docker.pkg.dev/acme-prod/gantry";
  const may = (images: Policy["images"], name: string) =>
    mayUseImage({ ...policy, images }, { name, config });

  it("lets images come from where the service's own builds go, unless the operator names other places", () => {
    expect(may(null, `${own}/api`).ok).to.equal(true);
    expect(may(["docker.io/acme/*"], "docker.io/acme/api").ok).to.equal(true);
    expect(may(["docker.io/acme/*"], `${own}/api`).ok).to.equal(false);
  });

  it("says from where they may come", () => {
    const reasons = [
      may(null, "docker.io/evil/api"),
      may(["a.test/**"], "b.test/api"),
      may([], "a.test/api"),
    ];
    expect(reasons.map((answer) => (answer.ok ? "" : answer.reason))).to.deep.equal([
      `The image docker.io/evil/api lies outside of ${own}/**, where this service's builds go. The operator can name other places under images in gantry.policy.yaml.`,
      "The policy does not let images come from b.test/api; it names a.test/**.",
      "The policy does not let images come from a.test/api; it names no place.",
    ]);
  });
});
