import { expect } from "chai";
import type { BuildReport } from "../../domain/build-report.ts";
import type { CommitSha, ReleaseId, ServiceKey, TagName } from "../../domain/ids.ts";
import type { BuildRequest } from "../../ports/build.ts";
import { type BuildAccount, buildBodyOf } from "./build-body.ts";
import { buildSnapshotOf, type IBuild } from "./build-snapshot.ts";
import { buildTagsFor, readBuildTags } from "./build-tags.ts";

const digest = `sha256:${"a".repeat(64)}`;
const releaseId = "rel-1" as ReleaseId;
const service = "demo-project/us-central1/api" as ServiceKey;
const tags = [...buildTagsFor({ releaseId: "rel-00001" as ReleaseId, service, attempt: 2, imageIndex: 1 })];

const succeeded: IBuild = {
  id: "build-1",
  status: "SUCCESS",
  tags,
  logUrl: "https://log",
  startTime: { seconds: "1700000000", nanos: 500_000_000 },
  images: ["host:5000/team/sidecar:v1", "host:5000/team/api:v1"],
  results: {
    images: [
      { name: "host:5000/team/sidecar:v1", digest: `sha256:${"b".repeat(64)}` },
      { name: "host:5000/team/api:v1", digest },
    ],
  },
};

describe("buildSnapshotOf()", () => {
  it("takes the digest of the service's image, and its name without the tag", () => {
    expect(buildSnapshotOf(succeeded)).to.deep.equal({
      id: "build-1",
      releaseId: "rel-00001",
      service,
      attempt: 2,
      status: "succeeded",
      image: { name: "host:5000/team/api", digest },
      report: null,
      logUrl: "https://log",
      startedAt: 1_700_000_000_500,
    });
  });

  it("knows no image of a build that pushed it in a step, or has not succeeded", () => {
    expect(buildSnapshotOf({ ...succeeded, results: {} })?.image).to.equal(null);
    expect(buildSnapshotOf({ ...succeeded, status: "WORKING" })?.image).to.equal(null);
  });

  it("tells a build that is not Gantry's", () => {
    expect(buildSnapshotOf({ id: "b", status: "QUEUED", tags: ["x"] })).to.include({
      releaseId: null,
      service: null,
    });
    expect(buildSnapshotOf({ status: "QUEUED" })).to.equal(null);
  });

  const step = { name: "bash", id: "test", status: "FAILURE", exitCode: 7 } as const;
  const told = { failureType: null, detail: "", steps: [], timeoutMs: null, serviceAccount: null };
  const cases: readonly [IBuild, string, Partial<BuildReport> | null][] = [
    [{ status: 1 }, "queued", null],
    [{ status: "PENDING" }, "queued", null],
    [{ status: 2 }, "working", null],
    [{ status: "STATUS_UNKNOWN" }, "working", null],
    [
      { status: 4, statusDetail: "step 0 failed", failureInfo: { type: 5 }, timeout: { seconds: 90 } },
      "failed",
      { state: "failed", failureType: "user-build-step", detail: "step 0 failed", timeoutMs: 90_000 },
    ],
    [
      {
        status: "FAILURE",
        failureInfo: { type: "PUSH_NOT_AUTHORIZED", detail: "denied: no" },
        serviceAccount: "a",
      },
      "failed",
      { state: "failed", failureType: "push-not-authorized", detail: "denied: no", serviceAccount: "a" },
    ],
    [
      { status: "FAILURE", steps: [{ status: "SUCCESS" }, step, {}] },
      "failed",
      {
        state: "failed",
        steps: [
          { index: 0, id: null, image: "", state: "succeeded", exitCode: null },
          { index: 1, id: "test", image: "bash", state: "failed", exitCode: 7 },
          { index: 2, id: null, image: "", state: "waiting", exitCode: null },
        ],
      },
    ],
    [{ status: "INTERNAL_ERROR" }, "failed", { state: "internal-error" }],
    [{ status: 6, statusDetail: "timed out" }, "timed-out", { state: "timed-out", detail: "timed out" }],
    [{ status: "CANCELLED" }, "cancelled", { state: "cancelled" }],
    [{ status: 9 }, "expired", { state: "expired" }],
  ];
  for (const [build, status, report] of cases)
    it(`reads ${JSON.stringify(build.status)} as ${status}: ${report?.state ?? "no failure"}`, () => {
      const snapshot = buildSnapshotOf({ id: "b", ...build });
      expect(snapshot?.status).to.equal(status);
      expect(snapshot?.report).to.deep.equal(report === null ? null : { ...told, ...report });
    });
});

describe("build tags", () => {
  it("are tags as Cloud Build takes them, and tell the release and the service again", () => {
    const keys = ["demo-project/us-central1/api", "example.com:demo-project/europe-west1/a-b"];
    for (const key of keys as ServiceKey[]) {
      const made = buildTagsFor({
        releaseId: "rel-00001" as ReleaseId,
        service: key,
        attempt: 1,
        imageIndex: 0,
      });
      expect(made.every((tag) => /^[\w][\w.-]{0,127}$/.test(tag))).to.equal(true);
      expect(readBuildTags(made)).to.deep.equal({
        releaseId: "rel-00001",
        service: key,
        attempt: 1,
        imageIndex: 0,
      });
    }
  });

  it("leave out a service key that is too long, and mean nothing on other builds", () => {
    const long = `${"a".repeat(30)}.${"b".repeat(60)}:demo-project/us-central1/api` as ServiceKey;
    const made = buildTagsFor({
      releaseId: "rel-00001" as ReleaseId,
      service: long,
      attempt: 1,
      imageIndex: 0,
    });
    expect(readBuildTags(made).service).to.equal(null);
    expect(readBuildTags(["gantry-release-", "gantry-image-x"])).to.deep.equal({
      releaseId: null,
      service: null,
      attempt: 1,
      imageIndex: 0,
    });
  });
});

describe("buildBodyOf()", () => {
  const nobody: BuildAccount = { account: null, filesNameAccounts: false };
  const request: BuildRequest = {
    service,
    releaseId,
    attempt: 1,
    repository: "demo/api",
    cloneUrl: "https://git/demo/api",
    connection: null,
    tag: "v1" as TagName,
    commit: "0123456789012345678901234567890123456789" as CommitSha,
    directory: "backend",
    build: { config: null, timeoutMs: 600_000, repository: null, substitutions: {} },
    file: { name: "cloudbuild.yaml", text: "" },
  };
  const bodyOf = (
    text: string,
    change: Partial<BuildRequest> = {},
    by: Partial<BuildAccount> = {},
  ): IBuild => {
    const body = buildBodyOf(
      { ...request, file: { name: "cloudbuild.yaml", text }, ...change },
      { ...nobody, ...by },
    );
    if (!body.ok) throw new Error(body.problems.join("\n"));
    return body.build;
  };
  const problemsOf = (text: string, by: Partial<BuildAccount> = {}): readonly string[] => {
    const body = buildBodyOf({ ...request, file: { name: "cloudbuild.yaml", text } }, { ...nobody, ...by });
    return body.ok ? [] : body.problems;
  };
  const images = `images: ["\${_IMAGE}:\${_TAG}"]\n`;
  const docker = "name: gcr.io/cloud-builders/docker";

  it("runs steps in the service's folder, unless the file places them itself", () => {
    const source = { url: request.cloneUrl, revision: request.commit };
    const plain = bodyOf(`steps: [{ ${docker}, args: [build, --no-cache, --pull, .] }]\n${images}`);
    expect(plain.source).to.deep.equal({ gitSource: { ...source, dir: "backend" } });
    const placed = bodyOf(
      `steps: [{ ${docker}, dir: "\${_DIRECTORY}", args: [build, --no-cache, --pull, .] }]\n${images}`,
    );
    expect(placed.source).to.deep.equal({ gitSource: source });
    expect(placed.substitutions?.["_DIRECTORY"]).to.equal("backend");
  });

  it("fetches through the connection where one is named", () => {
    const connection = "projects/demo-project/locations/us-central1/connections/acme/repositories/acme-api";
    const text = `steps: [{ ${docker}, args: [build, --no-cache, --pull, .] }]\n${images}`;
    expect(bodyOf(text, { connection }).source).to.deep.equal({
      connectedRepository: { repository: connection, revision: request.commit, dir: "backend" },
    });
  });

  it("passes exactly the substitutions that are used, and adds Gantry's tags to the file's", () => {
    const build = bodyOf(`steps: [{ name: bash, args: [echo] }]\ntags: [team]\n${images}`);
    expect(Object.keys(build.substitutions ?? {}).sort()).to.deep.equal(["_IMAGE", "_TAG"]);
    expect(build.tags?.[0]).to.equal("team");
    expect(build.tags).to.include("gantry-release-rel-1");
  });

  it("ends no later than gantry.yaml says, and writes durations as messages", () => {
    const text = `steps: [{ name: bash, args: [echo], timeout: 900s }]\ntimeout: 1800s\nqueueTtl: 7200s\n${images}`;
    const build = bodyOf(text);
    expect(build.timeout).to.deep.equal({ seconds: "600", nanos: 0 });
    expect(build.steps?.[0]?.timeout).to.deep.equal({ seconds: "600", nanos: 0 });
    expect(build.queueTtl).to.deep.equal({ seconds: "7200", nanos: 0 });
    const shorter = bodyOf(`steps: [{ name: bash, args: [echo], timeout: 1.5s }]\ntimeout: 60s\n${images}`);
    expect(shorter.timeout).to.deep.equal({ seconds: "60", nanos: 0 });
    expect(shorter.steps?.[0]?.timeout).to.deep.equal({ seconds: "1", nanos: 500_000_000 });
  });

  it("runs as the operator's account, and then says where its log goes", () => {
    const account = "gantry-images@{project}.iam.gserviceaccount.com";
    const step = `steps: [{ name: bash, args: [echo] }]\n${images}`;
    const own = "projects/demo-project/serviceAccounts/gantry-images@demo-project.iam.gserviceaccount.com";
    expect(bodyOf(step).serviceAccount).to.equal(undefined);
    const plain = bodyOf(step, {}, { account });
    expect(plain).to.deep.include({ serviceAccount: own, options: { logging: "CLOUD_LOGGING_ONLY" } });
    const bucket = bodyOf(`${step}logsBucket: gs://logs\n`, {}, { account });
    expect([bucket.serviceAccount, bucket.options]).to.deep.equal([own, undefined]);
    const same = `projects/$PROJECT_ID/serviceAccounts/gantry-images@\${PROJECT_ID}.iam.gserviceaccount.com`;
    expect(bodyOf(`${step}serviceAccount: ${same}\n`, {}, { account }).serviceAccount).to.equal(own);
  });

  it("refuses a file that names another account than the operator, at its place", () => {
    const other = "projects/demo-project/serviceAccounts/payments@demo-project.iam.gserviceaccount.com";
    const text = `steps: [{ name: bash, args: [echo] }]\n${images}serviceAccount: ${other}\n`;
    const account = "gantry-images@{project}.iam.gserviceaccount.com";
    const own = "projects/demo-project/serviceAccounts/gantry-images@demo-project.iam.gserviceaccount.com";
    expect(problemsOf(text, { account })).to.deep.equal([
      `cloudbuild.yaml:3:17 serviceAccount: names "${other}"; the operator lets builds run as ${own} only. Take it out of the build file`,
    ]);
    expect(problemsOf(text)).to.deep.equal([
      `cloudbuild.yaml:3:17 serviceAccount: names "${other}"; the operator set no \`buildAccount\` in gantry.server.yaml, so builds run as Cloud Build's default account. Take it out of the build file`,
    ]);
    expect(bodyOf(text, {}, { filesNameAccounts: true }).serviceAccount).to.equal(other);
  });

  it("names every problem of a file at its place", () => {
    const problems = problemsOf("steps: []\nfoo: 1\n");
    expect(problems).not.to.deep.equal([]);
    for (const problem of problems) expect(problem).to.match(/^cloudbuild\.yaml:\d+:\d+ /);
  });
});
