import { expect } from "chai";
import fc from "fast-check";
import type { HttpCheck, JsonValue, ReleaseConfig } from "../domain/release-config.ts";
import { configHash, parseGantryYaml } from "./gantry-yaml.ts";
import { placeProblems } from "./parse-config.ts";
import { printGantryYaml } from "./print-gantry-yaml.ts";
import { formatProblem } from "./problem.ts";
import { weekdays } from "./ranges.ts";

const head =
  "service: { project: acme-prod, region: us-central1, name: web }\nsource: { repository: acme/web }\n";

/** The config of DESIGN.md, as a team writes it. */
const backgroundRemoval = `version: 1
service: { project: perkieprints-processing, region: us-central1, name: inspirenet-bg-removal-api }
source: { repository: perkie/background-removal, tags: "v*.*.*", directory: backend/inspirenet-api }
build: { config: cloudbuild-nocache.yaml, timeout: 30m }
guardrails: { gpu: { type: nvidia-l4, count: 1 }, cpu: 8, memory: 32Gi, concurrency: 1, instances: { min: 0, max: 3 }, timeout: 600s }
runtime:
  env: { INSPIRENET_MODE: base, INSPIRENET_RESIZE: static, TARGET_SIZE: "1024", STORAGE_BUCKET: perkieprints-processing-cache,
         CUSTOMER_STORAGE_BUCKET: perkieprints-customer-images, ENABLE_GPU_OPTIMIZATIONS: "true", LOG_LEVEL: info }
verify:
  coldStart: { within: 120s, expect: 30s..60s }
  memory: { below: 80% }
  gpu: allocated
  checks:
    - { name: health, get: /health, status: 200 }
    - { name: model, get: /model-info, status: 200 }
    - { name: storage, post: /api/storage/upload, status: 422 }
approval: { required: true, from: ["@ml-oncall"], count: 1, author: false, expires: 4h }
rollout:
  steps: [ { traffic: 5%, hold: 10m }, { traffic: 25%, hold: 10m }, { traffic: 100% } ]
  watch: { errors: { max: 1% }, latency: { p95: 4s, increase: 25% } }
  bake: 30m
  onFailure: rollback
warmup: { days: mon..sun, hours: "09:00..21:00", zone: America/New_York, mode: minInstances }
notify: { slack: "#deploys" }
`;

function configOf(text: string): ReleaseConfig {
  const parsed = parseGantryYaml({ text, file: "gantry.yaml" });
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join("\n"));
  return parsed.value;
}

function problemsOf(text: string): string[] {
  const parsed = parseGantryYaml({ text, file: "gantry.yaml" });
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
}

describe("gantry.yaml", () => {
  it("reads the whole format and converts every unit", () => {
    const config = configOf(backgroundRemoval);
    expect(config.guardrails).to.deep.equal({
      gpu: { type: "nvidia-l4", count: 1 },
      cpu: 8,
      memoryBytes: 32 * 2 ** 30,
      concurrency: 1,
      instances: { min: 0, max: 3 },
      timeoutMs: 600_000,
      executionEnvironment: null,
      serviceAccount: null,
      ingress: null,
      secrets: null,
      probes: null,
    });
    expect(config.verify.coldStart).to.deep.equal({ withinMs: 120_000, expectMs: [30_000, 60_000] });
    expect(config.verify.memoryBelow).to.equal(0.8);
    expect(config.verify.checks.map(({ method, path, status }) => [method, path, status])).to.deep.equal([
      ["GET", "/health", 200],
      ["GET", "/model-info", 200],
      ["POST", "/api/storage/upload", 422],
    ]);
    expect(config.rollout.watch).to.deep.equal({
      everyMs: 10_000,
      maxErrorShare: 0.01,
      latencyP95Ms: 4000,
      latencyIncrease: 0.25,
    });
    expect(config.warmup).to.deep.equal({
      days: weekdays,
      holidays: [],
      from: "09:00",
      to: "21:00",
      zone: "America/New_York",
      leadMs: 600_000,
      mode: "minInstances",
      instances: 1,
      path: "/health",
      everyMs: 300_000,
    });
  });

  it("reads guard rails for the environment, the account, the ingress, secrets and probes", () => {
    const account = "api@my-project.iam.gserviceaccount.com";
    const rails = `executionEnvironment: gen2, serviceAccount: ${account}, ingress: internal,
  secrets: { KEY: "api-key:3", /keys/cert.pem: "tls:latest" }, probes: { startup: http /health, liveness: none }`;
    const config = configOf(`${head}guardrails: { ${rails} }`);
    expect(config.guardrails).to.deep.include({
      executionEnvironment: "gen2",
      serviceAccount: account,
      ingress: "internal",
      secrets: { KEY: "api-key:3", "/keys/cert.pem": "tls:latest" },
      probes: { startup: "http /health", liveness: "none", readiness: null },
    });
  });

  it("finds guard rails that could never hold", () => {
    const found = problemsOf(`${head}guardrails:
  gpu: { type: nvidia-l4 }
  executionEnvironment: gen1
  serviceAccount: a@p.iam.gserviceaccount.com
  secrets: { KEY: "api-key:3", "/cert": "tls:latest" }
  probes: { startup: /health }
runtime: { serviceAccount: b@p.iam.gserviceaccount.com, env: { KEY: plain } }
`);
    expect(found.join("\n")).to.include("guardrails.executionEnvironment: must be `gen2`");
    expect(found.join("\n")).to.include("guardrails.probes.startup: must be `none`, `tcp`, `grpc`");
    expect(found.join("\n")).to.match(/guardrails\.secrets/);
    const contradictory = problemsOf(`${head}guardrails:
  serviceAccount: a@p.iam.gserviceaccount.com
  secrets: { KEY: "api-key:3" }
runtime: { serviceAccount: b@p.iam.gserviceaccount.com, env: { KEY: plain } }
`);
    expect(contradictory).to.deep.equal([
      "gantry.yaml:4:19 guardrails.serviceAccount: is not `runtime.serviceAccount`, which a release sets",
      "gantry.yaml:6:69 runtime.env.KEY: is a secret by `guardrails.secrets`; a release would put this text in its place",
    ]);
  });

  it("leaves the startup log alone where it is told to", () => {
    expect(configOf(`${head}verify: { startupLogs: ignore }`).verify.startupLogs).to.equal(null);
    expect(problemsOf(`${head}verify: { startupLogs: quiet }`)).to.have.length(1);
  });

  it("asks only for the service and the repository and takes the careful default for all else", () => {
    const config = configOf(head);
    expect(config.source).to.deep.equal({ repository: "acme/web", tags: "v*.*.*", directory: "." });
    expect(config.build).to.deep.equal({
      config: null,
      timeoutMs: 1_800_000,
      repository: null,
      substitutions: {},
    });
    expect(config.verify).to.deep.equal({
      withinMs: 600_000,
      coldStart: null,
      memoryBelow: null,
      gpu: null,
      startupLogs: "clean",
      checks: [],
    });
    expect(config.approval).to.deep.equal({
      required: false,
      from: [],
      count: 1,
      authorMayApprove: false,
      expiresMs: 14_400_000,
    });
    expect(config.rollout).to.deep.equal({
      steps: [
        { percent: 5, holdMs: 600_000 },
        { percent: 25, holdMs: 600_000 },
        { percent: 100, holdMs: 0 },
      ],
      watch: { everyMs: 10_000, maxErrorShare: 0.01, latencyP95Ms: null, latencyIncrease: null },
      bakeMs: 1_800_000,
      onFailure: "rollback",
    });
    expect([config.warmup, config.notify.slack]).to.deep.equal([null, null]);
  });

  it("asks for approval as soon as somebody is named who may give it", () => {
    expect(configOf(`${head}approval: { from: ["@oncall"] }`).approval.required).to.equal(true);
    expect(configOf(`${head}approval: { required: false, from: ["@oncall"] }`).approval.required).to.equal(
      false,
    );
  });

  it("leaves x-… keys of a section to their owner, but not x-… names of headers and variables", () => {
    const config = configOf(
      `${head}x-team: ml\nbuild: { x-note: [1] }\nverify: { checks: [{ name: a, get: /, headers: { x-key: b } }] }`,
    );
    expect(config.verify.checks[0]?.headers).to.deep.equal({ "x-key": "b" });
  });

  it("names every problem at once, in the order of the file", () => {
    const text = `version: 2
servic: {}
service: { project: p, region: "us", name: 5 }
source: { repository: acme, tag: 1 }
build: { timeout: 30, cashe: false, substitutions: { _IMAGE: x, foo: "y", _A: "" } }
guardrails: { gpu: { type: nvidia-l4 }, cpu: 2, memory: 8Gi, instances: { min: 4, max: 3 } }
runtime: { env: { PORT: "1", A: 1, 1x: "b" } }
verify:
  coldStart: { within: 30s, expect: 60s..30s }
  checks:
    - { name: a, get: http://x/, post: / }
    - { name: a, get: /, status: 99, repeat: 0 }
    - { name: c, get: /, body: "1" }
    - { name: d }
approval: { required: true }
rollout: { onFailure: rolback, watch: { errors: } }
warmup: { days: mon..fry, hours: 9-5, zone: Europe/Pariss, mode: pin }
notify: { slack: deploys }
`;
    expect(problemsOf(text)).to.deep.equal([
      "gantry.yaml:1:10 version: must be `1`, not the number 2",
      "gantry.yaml:2:1 servic: unknown key; did you mean `service`?",
      "gantry.yaml:3:21 service.project: must be a project id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter",
      "gantry.yaml:3:32 service.region: must be a region like `us-central1`",
      "gantry.yaml:3:44 service.name: must be text, not the number 5",
      "gantry.yaml:4:23 source.repository: must be a repository like `owner/name`",
      "gantry.yaml:4:29 source.tag: unknown key; did you mean `tags`?",
      "gantry.yaml:5:19 build.timeout: the number 30 has no unit: write its unit, like `30s`, `30m` or `30h`",
      "gantry.yaml:5:23 build.cashe: unknown key; known here: config, timeout, repository, substitutions",
      "gantry.yaml:5:54 build.substitutions._IMAGE: `_IMAGE` is a substitution that Gantry itself passes",
      "gantry.yaml:5:65 build.substitutions.foo: must be the name of a substitution of your own: `_` and then capitals, digits and `_`",
      "gantry.yaml:5:79 build.substitutions._A: is empty; Cloud Build would replace it by nothing",
      "gantry.yaml:6:46 guardrails.cpu: must be at least 4: Cloud Run refuses a GPU with less",
      "gantry.yaml:6:57 guardrails.memory: must be at least 16Gi: Cloud Run refuses a GPU with less",
      "gantry.yaml:6:88 guardrails.instances.max: must be at least `min`, which is 4",
      "gantry.yaml:7:19 runtime.env.PORT: `PORT` is set by Cloud Run itself and cannot be set here",
      'gantry.yaml:7:33 runtime.env.A: must be text; write it in quotes: "1"',
      "gantry.yaml:7:36 runtime.env.1x: must be the name of an environment variable: letters, digits and _",
      "gantry.yaml:9:37 verify.coldStart.expect: must be two durations, like `30s..60s`, the shorter one first",
      "gantry.yaml:11:7 verify.checks[0]: needs exactly one of get, post, put, patch, delete, head with the path to ask; it has get and post",
      "gantry.yaml:11:23 verify.checks[0].get: must be a path that begins with one `/`, without blanks; it is asked of the candidate, so it is no URL",
      "gantry.yaml:12:15 verify.checks[1].name: `a` is the name of `verify.checks[0]` already",
      "gantry.yaml:12:34 verify.checks[1].status: must be at least 100",
      "gantry.yaml:12:46 verify.checks[1].repeat: must be at least 1",
      "gantry.yaml:13:32 verify.checks[2].body: a GET or HEAD request has no body",
      "gantry.yaml:14:7 verify.checks[3]: needs exactly one of get, post, put, patch, delete, head with the path to ask; it has none",
      'gantry.yaml:15:23 approval.required: nobody could approve: name them in `from`, like `["@oncall"]`',
      "gantry.yaml:16:23 rollout.onFailure: must be one of rollback, hold, not `rolback`; did you mean `rollback`?",
      "gantry.yaml:16:49 rollout.watch.errors: must be a section with keys, not nothing",
      "gantry.yaml:17:17 warmup.days: must be days like `mon..fri`, `sat`, or a list like `[mon, wed..fri]`",
      'gantry.yaml:17:34 warmup.hours: must be hours in quotes, like `"09:00..21:00"`',
      "gantry.yaml:17:45 warmup.zone: `Europe/Pariss` is no time zone of the IANA database, like `Europe/Paris` or `UTC`; did you mean `Europe/Paris`?",
      "gantry.yaml:17:66 warmup.mode: must be one of minInstances, ping, not `pin`; did you mean `ping`?",
      "gantry.yaml:18:18 notify.slack: must be a Slack channel like `#deploys`, or its id",
    ]);
  });

  const steps = "gantry.yaml:3:";
  const bad: readonly (readonly [title: string, line: string, problems: readonly string[]])[] = [
    [
      "no step",
      "rollout: { steps: [] }",
      [`${steps}19 rollout.steps: needs at least one step; the last one is \`{ traffic: 100% }\``],
    ],
    [
      "steps without units",
      "rollout: { steps: [{ traffic: 5, hold: 10 }, { traffic: 100% }] }",
      [
        `${steps}31 rollout.steps[0].traffic: the number 5 has no unit: write \`5%\``,
        `${steps}40 rollout.steps[0].hold: the number 10 has no unit: write its unit, like \`10s\`, \`10m\` or \`10h\``,
      ],
    ],
    [
      "steps that fall and do not end at 100%",
      "rollout: { steps: [{ traffic: 25%, hold: 1m }, { traffic: 5%, hold: 1m }] }",
      [
        `${steps}48 rollout.steps[1]: ends at 5%: add \`{ traffic: 100% }\` as the last step`,
        `${steps}59 rollout.steps[1].traffic: must be more than the 25% of the step before`,
      ],
    ],
    [
      "a step without hold and a hold at 100%",
      "rollout: { steps: [{ traffic: 25% }, { traffic: 100%, hold: 1m }] }",
      [
        `${steps}20 rollout.steps[0]: says no \`hold\`: write how long to watch it, like \`hold: 10m\``,
        `${steps}61 rollout.steps[1].hold: does not belong to 100%; \`rollout.bake\` says how long it is watched`,
      ],
    ],
    [
      "half a percent of traffic",
      "rollout: { steps: [{ traffic: 0.5%, hold: 1m }, { traffic: 100% }] }",
      [`${steps}31 rollout.steps[0].traffic: must be a whole percentage from 1% to 100%`],
    ],
    [
      "21 steps",
      `rollout: { steps: [${Array.from({ length: 20 }, (_, i) => `{ traffic: ${i + 1}%, hold: 1m }`).join(", ")}, { traffic: 100% }] }`,
      [`${steps}19 rollout.steps: has more than 20 steps`],
    ],
    [
      "a folder outside",
      "build: { config: ../x.yaml }",
      [
        `${steps}18 build.config: must be a file: a relative path with forward slashes that does not leave the repository`,
      ],
    ],
    [
      "a time limit of no length",
      "verify: { within: 1s }",
      [`${steps}19 verify.within: must lie between 10s and 45m`],
    ],
    ["an empty section", "build:", [`${steps}7 build: must be a section with keys, not nothing`]],
    [
      "a key that stands twice",
      "build: {}\nbuild: { timeout: 1 }",
      [
        "gantry.yaml:4:1 this key stands twice in its section",
        "gantry.yaml:4:19 build.timeout: the number 1 has no unit: write its unit, like `1s`, `1m` or `1h`",
      ],
    ],
    [
      "an offset in place of a zone",
      'warmup: { hours: "09:00..09:00", zone: "+01:00" }',
      [
        `${steps}18 warmup.hours: begins and ends at once`,
        `${steps}40 warmup.zone: \`+01:00\` is no time zone of the IANA database, like \`Europe/Paris\` or \`UTC\``,
      ],
    ],
    [
      "holidays that are no dates, a ping that is no path, and more instances than there may be",
      'warmup: { hours: "09:00..21:00", zone: UTC, holidays: ["2026-02-30", "25.12."], path: health, instances: 4 }\nguardrails: { instances: { min: 0, max: 3 } }',
      [
        `${steps}56 warmup.holidays[0]: \`2026-02-30\` is no day of the calendar`,
        `${steps}70 warmup.holidays[1]: must be a date like \`2026-12-25\``,
        `${steps}87 warmup.path: must be a path that begins with one \`/\`, without blanks`,
      ],
    ],
    [
      "more warm instances than the guard rail lets run",
      'warmup: { hours: "09:00..21:00", zone: UTC, instances: 4 }\nguardrails: { instances: { min: 0, max: 3 } }',
      [`${steps}56 warmup.instances: is more than the 3 of \`guardrails.instances.max\``],
    ],
    ["a warmup without hours", "warmup: { zone: UTC }", [`${steps}1 warmup.hours: is missing`]],
  ];
  for (const [title, line, problems] of bad) {
    it(`refuses ${title}`, () => expect(problemsOf(`${head}${line}`)).to.deep.equal(problems));
  }

  const files: readonly (readonly [title: string, text: string, problem: string])[] = [
    ["an empty file", "", "gantry.yaml:1:1 the file is empty"],
    ["only comments", "# later\n", "gantry.yaml:1:1 the file is empty"],
    ["a list", "- 1", "gantry.yaml:1:1 must be a section with keys, not a list"],
    ["two documents", "a: 1\n---\nb: 1", "gantry.yaml:1:1 the file holds several YAML documents; write one"],
    [
      "a file that is too large",
      "#".repeat(262_145),
      "gantry.yaml:1:1 the file has 262145 bytes; Gantry reads at most 262144",
    ],
    [
      "a section as a key",
      `${head}? { a: 1 }\n: 1`,
      "gantry.yaml:3:3 this cannot be a key; write plain text",
    ],
    [
      "a key that would be lost",
      `${head}runtime: { env: { __proto__: x } }`,
      "gantry.yaml:3:19 this cannot be a key; write plain text",
    ],
    [
      "a path that names another host",
      `${head}verify: { checks: [{ name: a, get: '/\\evil.example/' }] }`,
      "gantry.yaml:3:36 verify.checks[0].get: must be a path that begins with one `/`, without blanks; it is asked of the candidate, so it is no URL",
    ],
    [
      "a header of the connection",
      `${head}verify: { checks: [{ name: a, get: /, headers: { Host: x } }] }`,
      "gantry.yaml:3:50 verify.checks[0].headers.Host: `Host` is set by Gantry itself",
    ],
    ["deep nesting", "[".repeat(100_000), "gantry.yaml:1:1 the file is nested more than 64 levels deep"],
    [
      "deep nesting in one line",
      "- ".repeat(100_000),
      "gantry.yaml:1:1 the file is nested more than 64 levels deep",
    ],
    [
      "aliases that multiply",
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${"*a,".repeat(9)}]\nc: &c [${"*b,".repeat(9)}]\nd: [${"*c,".repeat(9)}]`,
      "gantry.yaml:1:1 its aliases cannot be followed: Excessive alias count indicates a resource exhaustion attack",
    ],
  ];
  for (const [title, text, problem] of files) {
    it(`refuses ${title}`, () => expect(problemsOf(text)).to.deep.equal([problem]));
  }

  it("stops at a hundred problems, in a moment, and says how many more there are", () => {
    const keys = Array.from({ length: 5_000 }, (_, index) => `k${index}: 1`).join("\n");
    const problems = problemsOf(`${head}${keys}`);
    expect(problems).to.have.length(100);
    expect(problems.at(-1)).to.match(/^gantry.yaml:102:1 k99: .* \(and 4900 problems more in this file\)$/);
  });

  it("gives a place to what a policy finds wrong, also where the key is not written", () => {
    const text = `${head}rollout:\n  steps: [{ traffic: 50%, hold: 1m }, { traffic: 100% }]\n`;
    const found = placeProblems({ text, file: "gantry.yaml" }, [
      { path: "rollout.bake", message: "too short" },
      { path: "rollout.steps[0].hold", message: "too short" },
      { path: "verify.checks", message: "empty" },
    ]);
    expect(found.map(formatProblem)).to.deep.equal([
      "gantry.yaml:1:1 verify.checks: empty",
      "gantry.yaml:3:1 rollout.bake: too short",
      "gantry.yaml:4:33 rollout.steps[0].hold: too short",
    ]);
  });

  it("says what is missing when nothing is there", () => {
    expect(problemsOf("version: 1")).to.deep.equal([
      "gantry.yaml:1:1 service: is missing",
      "gantry.yaml:1:1 source: is missing",
    ]);
  });

  it("prints a config as a file that reads as the same config", () => {
    fc.assert(
      fc.property(releaseConfigs(), (config) => {
        expect(configOf(printGantryYaml(config))).to.deep.equal(config);
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it("never throws, whatever the text", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 80, unit: fc.constantFrom(..." \n:-[]{}&*!|>'\"%@?,ab#01") }),
        (text) => {
          expect(parseGantryYaml({ text, file: "gantry.yaml" }).ok).to.equal(false);
        },
      ),
      { numRuns: 300, seed: 7 },
    );
  });

  it("hashes what a config says, not how it is written", () => {
    const reordered =
      "source: { repository: acme/web }\nservice: { name: web, region: us-central1, project: acme-prod }\n";
    expect(configHash(configOf(reordered))).to.equal(configHash(configOf(head)));
    expect(configHash(configOf(`${head}rollout: { bake: 1800s }`))).to.equal(configHash(configOf(head)));
    expect(configHash(configOf(`${head}rollout: { bake: 31m }`))).to.not.equal(configHash(configOf(head)));
    expect(configHash(configOf(head))).to.match(/^[0-9a-f]{64}$/);
  });
});

function releaseConfigs(): fc.Arbitrary<ReleaseConfig> {
  const base = configOf(backgroundRemoval);
  const ms = fc.integer({ min: 10_000, max: 3_600_000 });
  const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null });
  const word = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
  const text = fc.string({ maxLength: 12 });
  const line = fc.stringMatching(/^[ -~]{0,12}$/);
  const dictionary = (value: fc.Arbitrary<string>) =>
    fc
      .uniqueArray(fc.tuple(word, value), { maxLength: 3, selector: ([key]) => key })
      .map((pairs) => Object.fromEntries(pairs));
  const json: fc.Arbitrary<JsonValue> = fc.constantFrom<JsonValue>(1, "a", true, { a: [1, null] }, ["x: y"], {
    "": "",
  });
  const checks = fc.uniqueArray(
    fc.record<HttpCheck>({
      name: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,8}$/),
      method: fc.constantFrom("POST", "PUT", "PATCH", "DELETE"),
      path: fc.stringMatching(/^\/([!-.0-[\]-~][!-[\]-~]{0,9})?$/),
      headers: dictionary(line),
      body: maybe(text),
      status: fc.integer({ min: 100, max: 599 }),
      json: maybe(json),
      answerHeaders: dictionary(line).map((all) =>
        Object.fromEntries(Object.entries(all).map(([key, value]) => [key.toLowerCase(), value])),
      ),
      withinMs: ms,
      repeat: fc.integer({ min: 1, max: 100 }),
    }),
    { maxLength: 3, selector: ({ name }) => name },
  );
  const steps = fc
    .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 19 })
    .chain((percents) => fc.tuple(fc.constant(percents.sort((a, b) => a - b)), ms))
    .map(([percents, holdMs]) => [
      ...percents.map((percent) => ({ percent, holdMs })),
      { percent: 100, holdMs: 0 },
    ]);
  const share = fc.integer({ min: 0, max: 1000 }).map((permille) => Number(`${permille / 10}`) / 100);
  return fc
    .record({
      build: fc.record({
        config: maybe(fc.constantFrom("a.yaml", "b/c-d.yaml", "..x/y")),
        timeoutMs: ms,
        repository: fc.constantFrom(null, "us-central1-docker.pkg.dev/acme-prod/images"),
        substitutions: fc.constantFrom({}, { _A: "1", _B: "yes" }),
      }),
      runtime: fc.record({
        env: dictionary(text),
        port: maybe(fc.constant(8080)),
        serviceAccount: fc.constant(null),
      }),
      checks,
      steps,
      memoryBelow: maybe(share),
      memoryBytes: maybe(fc.constantFrom(512 * 2 ** 20, 2 ** 30, 1_500_000_000, 500_000_000, 2 ** 40)),
      bakeMs: ms,
      maxErrorShare: share,
      latencyIncrease: maybe(share),
      warmup: maybe(
        fc.record({
          days: fc.subarray([...weekdays], { minLength: 1 }),
          from: fc.constantFrom("09:00", "22:30"),
          to: fc.constantFrom("06:00", "23:59"),
          zone: fc.constantFrom("UTC", "Europe/Paris", "America/Argentina/Buenos_Aires"),
          holidays: fc.subarray(["2026-12-25", "2027-01-01"]),
          leadMs: fc.integer({ min: 60, max: 7_200 }).map((seconds) => seconds * 1_000),
          mode: fc.constantFrom("minInstances" as const, "ping" as const),
          instances: fc.integer({ min: 1, max: 3 }),
          path: fc.constantFrom("/health", "/ready?deep=1"),
          everyMs: fc.constantFrom(60_000, 300_000, 3_600_000),
        }),
      ),
    })
    .map(({ build, runtime, warmup, ...some }) => ({
      ...base,
      build,
      runtime,
      warmup,
      guardrails: { ...base.guardrails, gpu: null, memoryBytes: some.memoryBytes },
      verify: { ...base.verify, checks: some.checks, memoryBelow: some.memoryBelow },
      rollout: {
        ...base.rollout,
        steps: some.steps,
        bakeMs: some.bakeMs,
        watch: {
          ...base.rollout.watch,
          maxErrorShare: some.maxErrorShare,
          latencyIncrease: some.latencyIncrease,
        },
      },
    }));
}
