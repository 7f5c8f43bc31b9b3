import { expect } from "chai";
import fc from "fast-check";
import { type BuildFacts, gantrySubstitutions } from "./build-substitutions.ts";
import { parseCloudBuildFile } from "./cloud-build-file.ts";
import { ownBuildFile } from "./own-build-file.ts";
import { formatProblem } from "./problem.ts";

const facts: BuildFacts = {
  service: { project: "acme-prod", region: "us-central1", name: "web" },
  imageRepository: null,
  repository: "acme/web",
  directory: "backend",
  tag: "v1.8.0",
  commit: "0123456789abcdef0123456789abcdef01234567",
  release: "r-20260101-abc",
};

function check(text: string, substitutions: Readonly<Record<string, string>> = {}) {
  return parseCloudBuildFile({
    text,
    file: "cloudbuild.yaml",
    available: gantrySubstitutions(facts),
    substitutions,
  });
}

/** Every finding as `severity code place: message`. */
function findingsOf(text: string, substitutions: Readonly<Record<string, string>> = {}): string[] {
  const result = check(text, substitutions);
  const findings = result.ok ? result.warnings : result.findings;
  return findings.map((one) => `${one.severity} ${one.code} ${formatProblem(one)}`);
}

const good = `steps:
  - name: gcr.io/cloud-builders/docker
    args: [build, --no-cache, --pull, "--tag=\${_IMAGE}:\${_TAG}", .]
images: ["\${_IMAGE}:\${_TAG}"]
`;

/** The build file that the team had before Gantry: it pushes and deploys by itself. */
const before = `steps:
  # Build the container image with no cache
  - name: 'gcr.io/cloud-builders/docker'
    args: 
      - 'build'
      - '--no-cache'  # Force fresh build
      - '-t'
      - 'us-central1-docker.pkg.dev/$PROJECT_ID/pet-bg-removal/\${_SERVICE_NAME}:latest'
      - '-t'
      - 'us-central1-docker.pkg.dev/$PROJECT_ID/pet-bg-removal/\${_SERVICE_NAME}:\${SHORT_SHA}'
      - '.'
    timeout: 900s

  # Push to Artifact Registry
  - name: 'gcr.io/cloud-builders/docker'
    args:
      - 'push'
      - '--all-tags'
      - 'us-central1-docker.pkg.dev/$PROJECT_ID/pet-bg-removal/\${_SERVICE_NAME}'

  # Deploy to Cloud Run
  - name: 'gcr.io/google.com/cloudsdktool/cloud-sdk'
    entrypoint: gcloud
    args:
      - 'run'
      - 'deploy'
      - '\${_SERVICE_NAME}'
      - '--image=us-central1-docker.pkg.dev/$PROJECT_ID/pet-bg-removal/\${_SERVICE_NAME}:\${SHORT_SHA}'
      - '--region=\${_DEPLOY_REGION}'
      - '--allow-unauthenticated'

timeout: 1800s
options:
  machineType: 'E2_HIGHCPU_8'
  logging: CLOUD_LOGGING_ONLY
`;

describe("a Cloud Build file", () => {
  it("is clean when it is Gantry's own, and carries exactly the substitutions that it uses", () => {
    const result = check(ownBuildFile().text);
    expect(result.ok && result.warnings).to.deep.equal([]);
    expect(result.ok && result.imageIndex).to.equal(0);
    expect(result.ok && result.build.substitutions).to.deep.equal({
      _IMAGE: "us-central1-docker.pkg.dev/acme-prod/gantry/web",
      _TAG: "v1.8.0-0123456",
      _DIRECTORY: "backend",
      COMMIT_SHA: facts.commit,
    });
  });

  it("is refused when it deploys by itself, with every reason at its place", () => {
    expect(findingsOf(before)).to.deep.equal([
      "error no-images cloudbuild.yaml:1:1 images: names no image, so no digest comes back from the build",
      "warning base-image-not-pulled cloudbuild.yaml:6:9 steps[0].args[1]: does not pull its base image",
      "error substitution-missing cloudbuild.yaml:8:9 steps[0].args[3]: `_SERVICE_NAME` is used here, and nothing sets it",
      "error moves-latest cloudbuild.yaml:8:9 steps[0].args[3]: tags the image `latest`, and the build pushes it",
      "error substitution-missing cloudbuild.yaml:10:9 steps[0].args[5]: `_SERVICE_NAME` is used here, and nothing sets it",
      "warning push-all-tags cloudbuild.yaml:18:9 steps[1].args[1]: pushes every tag of the image in a step",
      "error substitution-missing cloudbuild.yaml:19:9 steps[1].args[2]: `_SERVICE_NAME` is used here, and nothing sets it",
      "error deploys cloudbuild.yaml:25:7 steps[2].args: runs `gcloud run deploy`, which moves the service without Gantry",
      "error substitution-missing cloudbuild.yaml:27:9 steps[2].args[2]: `_SERVICE_NAME` is used here, and nothing sets it",
      "error substitution-missing cloudbuild.yaml:28:9 steps[2].args[3]: `_SERVICE_NAME` is used here, and nothing sets it",
      "error substitution-missing cloudbuild.yaml:29:9 steps[2].args[4]: `_DEPLOY_REGION` is used here, and nothing sets it",
    ]);
  });

  it("tells what each finding means and how to repair it", () => {
    const result = check(before);
    const deploys = result.ok ? undefined : result.findings.find(({ code }) => code === "deploys");
    expect(deploys?.meaning).to.match(/goes around the gate/);
    expect(deploys?.repair).to.match(/^Remove the step\./);
  });

  it("keeps what it does not change in the form of the REST API", () => {
    const result = check(
      `${good}timeout: 600s\ntags: [web]\noptions: { logging: CLOUD_LOGGING_ONLY, diskSizeGb: 100 }\n`,
    );
    expect(result.ok && result.build).to.deep.include({
      timeout: "600s",
      tags: ["web"],
      options: { logging: "CLOUD_LOGGING_ONLY", diskSizeGb: 100 },
    });
  });

  it("lets gantry.yaml set substitutions over the file's own defaults", () => {
    const text = `${good}substitutions: { _MODEL: small }\ntags: ["\${_MODEL}"]\n`;
    const plain = check(text);
    const set = check(text, { _MODEL: "large" });
    expect(plain.ok && plain.build.substitutions?.["_MODEL"]).to.equal("small");
    expect(set.ok && set.build.substitutions?.["_MODEL"]).to.equal("large");
  });

  it("finds the image of the service among several", () => {
    const two = good.replace('images: ["', 'images: ["gcr.io/acme/side:1", "');
    const result = check(two);
    expect(result.ok && result.imageIndex).to.equal(1);
  });

  const step = (line: string) => `${good.replace("images:", () => `  - ${line}\nimages:`)}`;
  const docker = "gcr.io/cloud-builders/docker";
  const unknown = `{ name: a, args: [$FOO, '\${_NOWHERE}'] }`;
  const nowhere = `{ name: a, args: [$FOO, '\${_NOWHERE}', '\${BRANCH_NAME}', '\${_TAG:-x}'] }`;
  const cases: readonly (readonly [title: string, text: string, findings: readonly string[]])[] = [
    [
      "a shell variable that is escaped",
      step(`{ name: bash, entrypoint: bash, args: [-c, 'echo $$HOME $$FOO $foo \${FOO:-x}'] }`),
      [],
    ],
    ["a script, which is not replaced", step("{ name: bash, script: 'echo $FOO' }"), []],
    [
      "unknown fields, and what the rest of the file does",
      step("{ name: gcr.io/cloud-builders/gcloud, args: [run, deploy, web] }")
        .replace("args:", "arg: [a]\n    args:")
        .replace("images:", "image: [a]\nimages:"),
      [
        "error invalid-file cloudbuild.yaml:3:5 steps[0].arg: unknown key; did you mean `args`?",
        "error deploys cloudbuild.yaml:5:49 steps[1].args: runs `gcloud run deploy`, which moves the service without Gantry",
        "error invalid-file cloudbuild.yaml:6:1 image: unknown key; did you mean `images`?",
      ],
    ],
    [
      "keys of Gantry's own files",
      `${good}x-note: 1\n`,
      [
        "error invalid-file cloudbuild.yaml:5:1 x-note: unknown key; known here: steps, timeout, queueTtl, images, artifacts, logsBucket, options, substitutions, tags, secrets, availableSecrets, serviceAccount, gitConfig, dependencies, source",
      ],
    ],
    [
      "wrong types and units",
      `${good}timeout: 900\nqueueTtl: 10m\nsource: {}\noptions: { machineType: E2_HIGHCPU_16, logging: cloud_logging_only }\n`,
      [
        "error invalid-file cloudbuild.yaml:5:10 timeout: the number 900 has no unit: write `900s`",
        "error invalid-file cloudbuild.yaml:6:11 queueTtl: must be a number of seconds like `900s`; Cloud Build knows no other unit",
        "error invalid-file cloudbuild.yaml:7:9 source: is what Gantry gives: the commit that the tag names; remove it",
        "error invalid-file cloudbuild.yaml:8:25 options.machineType: must be one of UNSPECIFIED, E2_MEDIUM, E2_STANDARD_2, E2_HIGHCPU_8, E2_HIGHCPU_32, N1_HIGHCPU_8, N1_HIGHCPU_32, not `E2_HIGHCPU_16`; did you mean `E2_HIGHCPU_8`?",
        "error invalid-file cloudbuild.yaml:8:49 options.logging: must be one of LOGGING_UNSPECIFIED, LEGACY, GCS_ONLY, STACKDRIVER_ONLY, CLOUD_LOGGING_ONLY, NONE, not `cloud_logging_only`; did you mean `CLOUD_LOGGING_ONLY`?",
      ],
    ],
    [
      "a script beside args",
      step("{ name: bash, script: a, args: [b] }"),
      [
        "error invalid-file cloudbuild.yaml:4:27 steps[1].script: cannot stand beside `args` or `entrypoint` in one step",
      ],
    ],
    [
      "an env that is no pair",
      step("{ name: bash, env: [A=1, B] }"),
      ["error invalid-file cloudbuild.yaml:4:30 steps[1].env[1]: must be of the form `KEY=VALUE`"],
    ],
    [
      "a wait for nothing and an id that stands twice",
      step("{ name: a, id: x, waitFor: ['-', y] }\n  - { name: a, id: x, waitFor: [x] }"),
      [
        "error invalid-step-order cloudbuild.yaml:4:38 steps[1].waitFor[1]: waits for `y`, which no step above is called",
        "error invalid-step-order cloudbuild.yaml:5:20 steps[2].id: the id `x` stands twice",
      ],
    ],
    [
      "a secret that nothing defines",
      `${step("{ name: a, secretEnv: [A, B] }")}availableSecrets: { secretManager: [{ versionName: projects/$PROJECT_ID/secrets/a/versions/1, env: A }] }\n`,
      [
        "error unknown-secret cloudbuild.yaml:4:31 steps[1].secretEnv[1]: uses the secret `B`, which `availableSecrets` does not define",
      ],
    ],
    [
      "a step that outlasts its build",
      `${step("{ name: a, timeout: 601s }")}timeout: 600s\n`,
      [
        "error step-outlasts-build cloudbuild.yaml:4:25 steps[1].timeout: `601s` is more than the `600s` of the whole build",
      ],
    ],
    [
      "steps that outlast their build together",
      `${step("{ name: a, timeout: 400s }\n  - { name: a, timeout: 400s }")}timeout: 600s\n`,
      [
        "warning steps-outlast-build cloudbuild.yaml:7:10 timeout: the steps have 800s together, the build has 600s",
      ],
    ],
    [
      "substitutions that do not match",
      `${step(nowhere)}substitutions: { _UNUSED: "1" }\n`,
      [
        "error substitution-unknown cloudbuild.yaml:4:23 steps[1].args[0]: `$FOO` is no substitution that Cloud Build knows",
        "error substitution-missing cloudbuild.yaml:4:29 steps[1].args[1]: `_NOWHERE` is used here, and nothing sets it",
        "error substitution-empty cloudbuild.yaml:4:44 steps[1].args[2]: `BRANCH_NAME` is empty in a build that no trigger starts",
        `error substitution-expression cloudbuild.yaml:4:62 steps[1].args[3]: \`\${_TAG:-x}\` is not replaced by Cloud Build`,
        "error substitution-unused cloudbuild.yaml:6:18 substitutions._UNUSED: `_UNUSED` is set, but no field uses it",
      ],
    ],
    [
      "the same, where ALLOW_LOOSE forgives",
      `${step(unknown)}substitutions: { _UNUSED: "1" }\noptions: { substitutionOption: ALLOW_LOOSE }\n`,
      [
        "error substitution-unknown cloudbuild.yaml:4:23 steps[1].args[0]: `$FOO` is no substitution that Cloud Build knows",
      ],
    ],
    [
      "unused substitutions where a script gets them all",
      `${step("{ name: a, script: 'echo $_A', automapSubstitutions: true }")}substitutions: { _A: "1" }\n`,
      [],
    ],
    [
      "an image name that ends up empty",
      good.replace(`\nimages: ["\${_IMAGE}:\${_TAG}"]`, `\nimages: ["gcr.io/acme/web:\${BRANCH_NAME}"]`),
      [
        "error substitution-empty cloudbuild.yaml:4:10 images[0]: `BRANCH_NAME` is empty in a build that no trigger starts",
        'error invalid-image-name cloudbuild.yaml:4:10 images[0]: invalid image name "gcr.io/acme/web:": could not parse reference',
      ],
    ],
    [
      "several images, none the service's",
      good.replace(`\${_IMAGE}:\${_TAG}"]`, 'gcr.io/a/b:1", "gcr.io/a/c:1"]'),
      ["error ambiguous-image cloudbuild.yaml:4:9 images: does not tell which image is the service's"],
    ],
    [
      "latest under images, said or meant",
      good.replace("images: [", `images: ["\${_IMAGE}:latest", "\${_IMAGE}", `),
      [
        "error moves-latest cloudbuild.yaml:4:10 images[0]: pushes `latest` before anything is proved",
        "error moves-latest cloudbuild.yaml:4:30 images[1]: pushes `latest` before anything is proved",
      ],
    ],
    [
      "a tag that Cloud Build refuses",
      `${good}tags: ["ccm/v1"]\n`,
      [
        'error invalid-tag cloudbuild.yaml:5:8 tags[0]: invalid build tag "ccm/v1": must match format "^[\\w][\\w.-]{0,127}$"',
      ],
    ],
    [
      "a build that may use its cache",
      step(`{ name: ${docker}, args: [build, -t, a, .] }`),
      [
        "warning cached-build cloudbuild.yaml:4:49 steps[1].args: builds with cached layers",
        "warning base-image-not-pulled cloudbuild.yaml:4:49 steps[1].args: does not pull its base image",
        "warning tags-latest cloudbuild.yaml:4:61 steps[1].args[2]: tags the image `latest`",
      ],
    ],
    [
      "deployments, in whatever clothes",
      step(
        [
          "{ name: gcr.io/cloud-builders/gcloud, args: [beta, run, deploy, web] }",
          "{ name: google/cloud-sdk, args: [gcloud, --quiet, run, services, update-traffic, web, --to-latest] }",
          "{ name: google/cloud-sdk:slim, entrypoint: bash, args: [-ec, 'cd x && gcloud run deploy web'] }",
          '{ name: google/cloud-sdk, script: "#!/bin/bash\\n/opt/bin/gcloud run services replace \\\\\\n  web.yaml" }',
        ].join("\n  - "),
      ),
      [
        "error deploys cloudbuild.yaml:4:49 steps[1].args: runs `gcloud run deploy`, which moves the service without Gantry",
        "error deploys cloudbuild.yaml:5:37 steps[2].args: runs `gcloud run services update-traffic`, which moves the service without Gantry",
        "error deploys cloudbuild.yaml:6:66 steps[3].args[1]: runs `gcloud run deploy`, which moves the service without Gantry",
        "error deploys cloudbuild.yaml:7:39 steps[4].script: runs `gcloud run services replace`, which moves the service without Gantry",
      ],
    ],
    ["words about deployments", step("{ name: bash, script: 'echo gcloud run deploy comes later' }"), []],
    [
      "a push of latest",
      step(
        `{ name: ${docker}, args: [push, "\${_IMAGE}"] }\n  - { name: bash, script: 'docker push a/b:latest' }`,
      ),
      [
        "error moves-latest cloudbuild.yaml:4:56 steps[1].args[1]: pushes `latest` before anything is proved",
        "error moves-latest cloudbuild.yaml:5:27 steps[2].script: pushes `latest` before anything is proved",
      ],
    ],
    ["no steps", "images: [a]", ["error invalid-file cloudbuild.yaml:1:1 steps: is missing"]],
    [
      "no YAML",
      "steps: [",
      [
        "error invalid-file cloudbuild.yaml:1:9 no valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
      ],
    ],
  ];
  for (const [title, text, findings] of cases) {
    it(`${findings.length === 0 ? "lets pass" : "names"} ${title}`, () =>
      expect(findingsOf(text)).to.deep.equal(findings));
  }

  it("names a substitution of gantry.yaml that no field uses", () => {
    expect(findingsOf(good, { _A: "1" })).to.deep.equal([
      "error substitution-unused cloudbuild.yaml:1:1 substitutions._A: `_A` is set, but no field uses it",
    ]);
  });

  it("never throws, whatever stands in its fields", () => {
    const text = fc.string({ maxLength: 20, unit: fc.constantFrom(..."$${}_AB:/@-= \\\n&|;'\"dockerpush") });
    const step = fc.record(
      {
        name: text,
        args: fc.array(text, { maxLength: 4 }),
        script: text,
        entrypoint: text,
        timeout: text,
        waitFor: fc.array(text),
      },
      { requiredKeys: ["name"] },
    );
    const file = fc.record({
      steps: fc.array(step, { maxLength: 3 }),
      images: fc.array(text),
      tags: fc.array(text),
    });
    fc.assert(
      fc.property(file, (build) => {
        expect(check(JSON.stringify(build))).to.have.property("ok");
      }),
      { numRuns: 300, seed: 11 },
    );
  });
});
