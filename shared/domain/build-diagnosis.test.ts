import { readFileSync } from "node:fs";
import { expect } from "chai";
import { commitSha } from "../../test/support/fixtures.ts";
import { diagnoseBuild } from "./build-diagnosis.ts";
import type { BuildCause, BuildEvidence, BuildReport, StepReport } from "./build-report.ts";

const step = (changes: Partial<StepReport> = {}): StepReport => ({
  index: 0,
  id: "build",
  image: "gcr.io/cloud-builders/docker",
  state: "failed",
  exitCode: 1,
  ...changes,
});

const report = (changes: Partial<BuildReport> = {}): BuildReport => ({
  state: "failed",
  failureType: "user-build-step",
  detail: 'build step 0 "gcr.io/cloud-builders/docker" failed: step exited with non-zero status: 1',
  steps: [step()],
  timeoutMs: 1_800_000,
  serviceAccount: null,
  ...changes,
});

const evidence = (changes: Partial<BuildEvidence> = {}): BuildEvidence => ({
  report: report(),
  log: [],
  dockerfile: null,
  buildFile: "backend/cloudbuild.yaml",
  commit: commitSha(),
  project: "perkie",
  imageRepository: "us-central1-docker.pkg.dev/perkie/gantry",
  timeoutMs: 1_800_000,
  ...changes,
});

const logOf = (name: string): readonly string[] =>
  readFileSync(new URL(`../../test/fixtures/build-logs/${name}.txt`, import.meta.url), "utf8").split("\n");

const current = {
  path: "backend/Dockerfile",
  text: "FROM python:3.11-slim\nRUN apt-get install -y libgl1\n",
};
const outdated = {
  path: "backend/Dockerfile",
  text: "FROM python:3.11-slim\n# libgl1-mesa-glx is needed by OpenCV\nRUN apt-get install -y \\\n    libgl1-mesa-glx=1.7 \\\n    curl\n",
};

type Case = Readonly<{
  log: string;
  cause: BuildCause;
  says: RegExp;
  repair?: RegExp;
  command?: string;
  shows: RegExp;
  isTransient?: boolean;
  dockerfile?: BuildEvidence["dockerfile"];
  account?: string;
}>;

const cases: readonly Case[] = [
  {
    log: "package-renamed",
    cause: "package-renamed",
    says: /libgl1-mesa-glx is libgl1 since Debian 13 \(trixie, August 2025\)\.$/,
    repair: /^Write libgl1 instead and push a new tag\. \(Names as of \d{4}-\d\d-\d\d\.\)$/,
    shows: /^E: Package 'libgl1-mesa-glx' has no installation candidate$/,
  },
  {
    log: "buildkit-package-renamed",
    cause: "package-renamed",
    dockerfile: outdated,
    says: /backend\/Dockerfile:4 asks for it\.$/,
    repair: /^Write libgl1 instead in backend\/Dockerfile:4 /,
    shows: /^E: Package 'libgl1-mesa-glx' has no installation candidate$/,
  },
  {
    log: "package-renamed",
    cause: "stale-cache",
    dockerfile: current,
    says: /^The build ran a line that installs libgl1-mesa-glx, and backend\/Dockerfile at c0ffee0 does not name it/,
    repair: /--no-cache .*backend\/cloudbuild\.yaml|backend\/cloudbuild\.yaml run with --no-cache/,
    shows: /no installation candidate/,
  },
  {
    log: "buildkit-package-renamed",
    cause: "stale-cache",
    dockerfile: current,
    says: /^The build ran a line that installs libgl1-mesa-glx/,
    shows: /no installation candidate/,
  },
  {
    log: "package-gone",
    cause: "package-gone",
    dockerfile: current, // a script installs it, so nothing speaks for a cache
    says: /no package libva-glx1\.$/,
    repair: /keywords=libva-glx1/,
    shows: /^E: Unable to locate package libva-glx1$/,
  },
  {
    log: "package-version-gone",
    cause: "package-gone",
    says: /^The version of libglib2\.0-0 that is asked for is no longer there/,
    repair: /^Leave the version out/,
    shows: /^E: Version '2\.84\.4-3~deb13u2' for 'libglib2\.0-0' was not found$/,
  },
  {
    log: "alpine-package-gone",
    cause: "package-gone",
    says: /no package python2/,
    shows: /python2 \(no such package\)/,
  },
  {
    log: "stale-lists",
    cause: "stale-cache",
    says: /list of packages came from a cached layer/,
    repair: /apt-get update and apt-get install in the same RUN/,
    shows: /404 {2}Not Found/,
  },
  {
    log: "distribution-ended",
    cause: "distribution-ended",
    says: /distribution buster/,
    shows: /buster Release/,
  },
  { log: "out-of-disk", cause: "out-of-disk", says: /out of disk/, repair: /diskSizeGb/, shows: /Errno 28/ },
  {
    log: "out-of-memory",
    cause: "out-of-memory",
    says: /out of memory/,
    repair: /machineType/,
    shows: /137$/,
  },
  {
    log: "push-denied",
    cause: "push-denied",
    says: /may not push to us-central1-docker\.pkg\.dev\/perkie\/gantry\.$/,
    command:
      "gcloud artifacts repositories add-iam-policy-binding gantry --project=perkie --location=us-central1 --member=serviceAccount:builder@perkie.iam.gserviceaccount.com --role=roles/artifactregistry.writer",
    account: "projects/perkie/serviceAccounts/builder@perkie.iam.gserviceaccount.com",
    shows: /uploadArtifacts/,
  },
  {
    log: "repository-missing",
    cause: "repository-missing",
    says: /no image repository us-central1-docker\.pkg\.dev\/perkie\/gantry/,
    command:
      "gcloud artifacts repositories create gantry --repository-format=docker --project=perkie --location=us-central1",
    shows: /^name unknown: Repository "gantry" not found$/,
  },
  {
    log: "gcr-repository-missing",
    cause: "repository-missing",
    says: /no image repository/,
    shows: /createOnPush/,
  },
  {
    log: "substitution-empty",
    cause: "substitution-empty",
    says: /pet-bg-removal\/api: ends where a value was to follow: a substitution in backend\/cloudbuild\.yaml is empty/,
    command: "gantry validate",
    shows: /invalid reference format$/,
  },
  {
    log: "image-name-invalid",
    cause: "image-name-invalid",
    says: /must be in lower case/,
    command: "gantry validate",
    shows: /must be lowercase$/,
  },
  {
    log: "dockerfile-missing",
    cause: "dockerfile-missing",
    says: /^There is no Dockerfile at backend\/Dockerfile in the commit\.$/,
    shows: /no such file/,
  },
  {
    log: "buildkit-dockerfile-missing",
    cause: "dockerfile-missing",
    says: /at Dockerfile in/,
    shows: /failed to read/,
  },
  {
    log: "source-file-missing",
    cause: "source-file-missing",
    says: /wants requirements\.txt/,
    shows: /COPY failed/,
  },
  {
    log: "base-image-missing",
    cause: "base-image-missing",
    says: /^The base image python:3\.11-slim-bulseye does not exist\.$/,
    shows: /manifest unknown/,
  },
  {
    log: "base-image-denied",
    cause: "base-image-missing",
    says: /perkie\/base .*may not read it/,
    shows: /pull access/,
  },
  {
    log: "pip-conflict",
    cause: "dependencies-conflict",
    says: /their versions exclude each other|ask for versions that exclude each other/,
    shows: /ResolutionImpossible|Cannot install/,
  },
  { log: "npm-conflict", cause: "dependencies-conflict", says: /ERESOLVE/, shows: /npm ERR!/ },
  {
    log: "build-permission-denied",
    cause: "build-permission-denied",
    says: /lacks secretmanager\.versions\.access on projects\/perkie\/secrets/,
    repair: /^Grant BUILD_SERVICE_ACCOUNT /,
    shows: /PERMISSION_DENIED/,
  },
  {
    log: "pull-rate-limit",
    cause: "registry-unavailable",
    isTransient: true,
    says: /registry/,
    shows: /429/,
  },
  {
    log: "registry-unavailable",
    cause: "registry-unavailable",
    isTransient: true,
    says: /registry/,
    shows: /Timeout/,
  },
  { log: "mirror-unavailable", cause: "download-failed", isTransient: true, says: /download/, shows: /503/ },
  {
    log: "retried-then-own-failure",
    cause: "source-file-missing",
    says: /wants tests/,
    shows: /COPY failed/,
  },
  {
    log: "failing-test",
    cause: "step-failed",
    says: /^Step 0 \(build\) of the build failed with exit code 1\.$/,
    shows: /test_shape[\s\S]*1 failed, 41 passed/,
  },
];

describe("the diagnosis of a failed build", () => {
  for (const {
    log,
    cause,
    says,
    repair,
    command,
    shows,
    isTransient = false,
    dockerfile,
    account,
  } of cases) {
    it(`tells ${cause} from the log ${log}${dockerfile ? " and the Dockerfile" : ""}`, () => {
      const steps = log === "build-permission-denied" ? [step({ index: 1, id: "secret" })] : [step()];
      const found = diagnoseBuild(
        evidence({
          log: logOf(log),
          dockerfile: dockerfile ?? null,
          report: report({ steps, serviceAccount: account ?? null }),
        }),
      );
      expect(found.cause).to.equal(cause);
      expect(found.sentence).to.match(says);
      expect(found.repair).to.match(repair ?? /\.$/);
      expect(found.evidence.join("\n")).to.match(shows);
      expect(found.isTransient).to.equal(isTransient);
      if (command !== undefined) expect(found.command).to.equal(command);
    });
  }

  const states: readonly (readonly [string, Partial<BuildReport>, BuildCause, RegExp, boolean])[] = [
    [
      "a build that Cloud Build lost",
      { state: "internal-error", detail: "" },
      "platform-failed",
      /^Cloud Build itself failed\.$/,
      true,
    ],
    [
      "what Cloud Build says of it",
      { state: "internal-error", detail: "worker lost" },
      "platform-failed",
      /failed: worker lost\.$/,
      true,
    ],
    [
      "a build that a person cancelled",
      { state: "cancelled" },
      "build-cancelled-outside",
      /Somebody cancelled/,
      false,
    ],
    [
      "a build that never began",
      { state: "expired" },
      "queue-expired",
      /waited in Cloud Build's queue/,
      false,
    ],
    [
      "a step that was too slow",
      { steps: [step({ state: "timed-out" })] },
      "step-timed-out",
      /^Step 0 \(build\) took longer/,
      false,
    ],
    [
      "a log that could not be written",
      { failureType: "logging-failure" },
      "platform-failed",
      /log of the build/,
      true,
    ],
    [
      "a push that was refused",
      { failureType: "push-not-authorized", steps: [] },
      "push-denied",
      /may not push/,
      false,
    ],
    [
      "a push that failed",
      { failureType: "push-failed", steps: [] },
      "push-failed",
      /registry did not take it/,
      false,
    ],
    [
      "an image that no step built",
      { failureType: "push-image-not-found", steps: [] },
      "image-not-built",
      /none of its steps/,
      false,
    ],
    [
      "a commit that was not fetched",
      { failureType: "fetch-source-failed", steps: [] },
      "source-not-fetched",
      /git host/,
      false,
    ],
    [
      "nothing at all",
      { failureType: null, steps: [], detail: "" },
      "step-failed",
      /gave no reason\.$/,
      false,
    ],
  ];
  for (const [what, changes, cause, says, isTransient] of states) {
    it(`tells ${what} from what Cloud Build says`, () => {
      const found = diagnoseBuild(evidence({ report: report(changes) }));
      expect(found.cause).to.equal(cause);
      expect(found.sentence).to.match(says);
      expect(found.isTransient).to.equal(isTransient);
    });
  }

  it("names the step that ran when the time was over, and the setting that limits it", () => {
    const timedOut = report({ state: "timed-out", steps: [step({ state: "cancelled", exitCode: null })] });
    const found = diagnoseBuild(evidence({ report: timedOut }));
    expect(found.cause).to.equal("build-time-limit");
    expect(found.sentence).to.equal(
      "The build took longer than its limit of 30m: step 0 (build) was still running.",
    );
    expect(found.repair).to.match(/^Raise build\.timeout in gantry\.yaml, which is 30m now/);
    const ofFile = diagnoseBuild(evidence({ report: { ...timedOut, timeoutMs: 90_500, steps: [] } }));
    expect(ofFile.sentence).to.equal("The build took longer than its limit of 90.5s: no step had begun.");
    expect(ofFile.repair).to.match(/^Raise timeout in backend\/cloudbuild\.yaml/);
    const untold = diagnoseBuild(evidence({ report: { ...timedOut, timeoutMs: null } }));
    expect(untold.sentence).to.include("30m");
  });

  it("reads a refusal of Cloud Build's like a log", () => {
    const detail =
      'invalid build: invalid image name "us-docker.pkg.dev/p/r/app:": could not parse reference: us-docker.pkg.dev/p/r/app:';
    const refused = report({ state: "refused", failureType: null, steps: [], detail });
    const found = diagnoseBuild(evidence({ report: refused, log: null }));
    expect(found.cause).to.equal("substitution-empty");
    expect(found.sentence).to.not.include("could not be read");
    const unknown = { ...refused, detail: 'key in the template "FOO" is not a valid built-in substitution' };
    expect(diagnoseBuild(evidence({ report: unknown, log: null })).sentence).to.include("substitution FOO");
  });

  it("tells a refusal and a lock file that does not fit by their own words", () => {
    const denied = diagnoseBuild(evidence({ log: ["AccessDeniedException: 403 no access"] }));
    expect(denied.cause).to.equal("build-permission-denied");
    const none = diagnoseBuild(evidence({ log: ["ERROR: No matching distribution found for torch==9"] }));
    expect(none.sentence).to.include("there is no torch==9");
    const solved = diagnoseBuild(evidence({ log: ["Because a depends on b, version solving failed."] }));
    expect(solved.cause).to.equal("dependencies-conflict");
    const locked = diagnoseBuild(
      evidence({
        log: [
          "npm error `npm ci` can only install packages when your package.json and package-lock.json are in sync.",
        ],
      }),
    );
    expect(locked.sentence).to.match(/package-lock\.json do not agree/);
  });

  it("looks at the step that failed, not at one whose failure was allowed", () => {
    const log = ["Step #0: no space left on device", "Step #1: 3 tests failed"];
    const steps = [step({ state: "succeeded" }), step({ index: 1, id: null })];
    const found = diagnoseBuild(evidence({ log, report: report({ steps }) }));
    expect(found.cause).to.equal("step-failed");
    expect(found.evidence).to.deep.equal(["3 tests failed"]);
  });

  it("says that the log could not be read, and goes on without it", () => {
    const found = diagnoseBuild(evidence({ log: null }));
    expect(found.cause).to.equal("step-failed");
    expect(found.sentence).to.match(/ The log of the build could not be read\.$/);
  });

  it("takes layers from a cache for the cause where the Dockerfile no longer names the package", () => {
    const log = ["#5 CACHED", "#6 2.1 E: Unable to locate package libfoo1"];
    expect(diagnoseBuild(evidence({ log, dockerfile: current })).sentence).to.match(
      /used cached layers and failed at the package libfoo1/,
    );
  });

  it("tells what to do where Debian gave a package no successor", () => {
    const log = ["E: Package 'software-properties-common' has no installation candidate"];
    expect(diagnoseBuild(evidence({ log })).repair).to.include("sources.list.d");
  });

  it("shows no secret of a log", () => {
    const token = `ghp_${"a".repeat(36)}`;
    const log = [
      `fatal: could not read from https://ada:hunter2hunter2@github.com/perkie/private with ${token}`,
      "API_TOKEN=hunter2hunter2 python train.py",
      "authorization: Bearer abcdefghijklmnop",
    ];
    const shown = diagnoseBuild(evidence({ log })).evidence.join("\n");
    expect(shown).to.not.match(/hunter2|ghp_|abcdefghijklmnop/);
    expect(shown.match(/\[hidden\]/g)).to.have.length(4);
  });

  it("reads the longest log in no time, whatever stands in it", () => {
    const lines = [
      "x".repeat(4_000),
      "a.".repeat(2_000),
      "://".repeat(1_300),
      "E: ".repeat(1_300),
      "- ".repeat(2_000),
    ];
    const log = Array.from({ length: 500 }, (_, n) => lines[n % lines.length] ?? "");
    const before = performance.now();
    diagnoseBuild(evidence({ log }));
    expect(performance.now() - before).to.be.below(1_000);
  });

  it("cuts a line that is too long to be read", () => {
    const [line = ""] = diagnoseBuild(
      evidence({ log: ["x".repeat(5000)], report: report({ detail: "" }) }),
    ).evidence;
    expect(line).to.have.length(240);
  });
});
