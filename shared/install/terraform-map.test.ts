import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { defaultSettings } from "../../cli/runtime/default-settings.ts";
import { secretNames } from "../../cli/serve/server-settings.ts";
import { subscriptions } from "../../functions/subscriptions.ts";
import { functionHarness } from "../../test/support/function-harness.ts";
import { RecordingChat } from "../../test/support/recording-chat.ts";
import { runSettings } from "../adapters/run/run-context.ts";
import { longestGateMs } from "../config/gantry-schema-verify.ts";
import { topics } from "../ports/bus.ts";
import type { ForgePort } from "../ports/forge.ts";
import type { Deps } from "../usecases/deps.ts";
import {
  type FunctionName,
  functionNames,
  functionParts,
  handOffTopics,
  handsOverAfterMs,
  ownTopics,
  secretParts,
  servicePart,
} from "./google-parts.ts";
import { runtimeState } from "./node-runtimes.ts";
import { pushSubscriptions } from "./push-subscriptions.ts";
import { allRights, ownRoles } from "./rights.ts";

const root = new URL("../..", import.meta.url).pathname;

describe("what is installed on Google Cloud", () => {
  it("subscribes the functions to what functions/subscriptions.ts says, and to nothing else", () => {
    const { deps } = functionHarness();
    const forge: ForgePort = {
      openDeployment: async () => "1",
      tellDeployment: async () => undefined,
      tellCommit: async () => undefined,
    };
    const told = (where: Partial<Deps>) =>
      subscriptions({ ...deps, ...where }).map(
        ({ name, topic, maxAttempts, minBackoffMs, maxBackoffMs, ackDeadlineMs }) =>
          `${name} ${topic} ${maxAttempts} ${minBackoffMs} ${maxBackoffMs} ${ackDeadlineMs}`,
      );
    const installed = (isTold: boolean) =>
      pushSubscriptions
        .filter(({ onlyWhereTold }) => isTold || !onlyWhereTold)
        .map(
          (one) =>
            `${one.name} ${one.topic} ${one.maxAttempts} ${one.minBackoffMs} ${one.maxBackoffMs} ${one.ackDeadlineSeconds * 1000}`,
        );
    expect(installed(true)).to.have.members(told({ chat: new RecordingChat() }));
    expect(installed(true)).to.have.members(told({ forge }));
    expect(installed(false)).to.have.members(told({}));
  });

  it("pushes each subscription to the function that its name begins with, and leaves no function deaf", () => {
    for (const { name, function: heard } of pushSubscriptions) expect(name.split("-")[0]).to.equal(heard);
    expect([...new Set(pushSubscriptions.map((one) => one.function))]).to.have.members([...functionNames]);
    for (const name of functionNames)
      expect(existsSync(join(root, `functions/${name}.ts`)), name).to.equal(true);
  });

  it("makes a topic for each subscription, save Cloud Build's own", () => {
    const heard = new Set(pushSubscriptions.map(({ topic }) => topic));
    heard.delete("cloud-builds");
    expect([...heard].filter((topic) => !ownTopics.includes(topic))).to.deep.equal([]);
  });

  it("gives the secrets the names that the server reads", () => {
    const variables = Object.values(secretParts).flatMap(({ file, variable }) =>
      file === null ? [variable] : [],
    );
    expect(variables).to.have.members([...Object.values(secretNames), "OTEL_EXPORTER_OTLP_HEADERS"]);
  });

  it("keeps within what Pub/Sub and Cloud Run functions take", () => {
    for (const { name, maxAttempts, maxBackoffMs, ackDeadlineSeconds } of pushSubscriptions) {
      expect(maxAttempts, name).to.be.within(5, 100);
      expect(maxBackoffMs, name).to.be.at.most(600_000);
      expect(ackDeadlineSeconds, name).to.equal(600);
    }
    for (const [name, part] of Object.entries(functionParts)) {
      expect(part.timeoutSeconds, name).to.be.at.most(3_600);
      expect(handsOverAfterMs(part), name).to.be.at.least(4 * 60_000);
    }
  });

  it("goes on with a request for a release for longer than the longest rate limit of the git host lasts", () => {
    const longestLimitMs = 60 * 60_000;
    const requests = pushSubscriptions.find(({ topic }) => topic === topics.releases);
    if (requests === undefined) throw new Error("nobody hears of requests");
    const pauses = Array.from({ length: requests.maxAttempts - 1 }, (_, n) =>
      Math.min(requests.maxBackoffMs, requests.minBackoffMs * 2 ** n),
    );
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).to.be.at.least(1.25 * longestLimitMs);
    expect(requests.minBackoffMs).to.equal(200);
  });

  it("gives each function the time that its longest piece of work may take", async () => {
    const { deployDeadlineMs, trafficDeadlineMs, sliceMs } = await defaultSettings();
    const spareMs = 30_000;
    const longestMs = (name: FunctionName) => functionParts[name].longestPieceSeconds * 1_000;
    expect(longestMs("deploy")).to.be.at.least(deployDeadlineMs + runSettings.cleanUpMs + spareMs);
    expect(longestMs("verify")).to.be.at.least(longestGateMs + spareMs);
    expect(longestMs("rollback")).to.be.at.least(trafficDeadlineMs + spareMs);
    const { timeoutSeconds } = functionParts.rollout;
    const lastSliceAndReturnMs = handsOverAfterMs(functionParts.rollout) + sliceMs + trafficDeadlineMs;
    expect(timeoutSeconds * 1_000).to.be.at.least(lastSliceAndReturnMs);
  });
});

describe("the provider that the module asks for", () => {
  const text = (file: string) => readFileSync(join(root, "infra", file), "utf8");
  const versions = ["versions.tf", "firestore-ttl/main.tf", "examples/one-service/main.tf"].map((file) => {
    const [, version] = /"hashicorp\/google"\s+version = "([^"]+)"/.exec(text(file)) ?? [];
    return version;
  });

  it("is the same in the module, its example and firestore-ttl", () => {
    expect([...new Set(versions)]).to.deep.equal([versions[0]]);
  });

  it("knows source_md5hash, which came with 6.41, where the module sets it", () => {
    const [, floor] = /^>= 6\.(\d+), < 7$/.exec(versions[0] ?? "") ?? [];
    expect(text("functions.tf")).to.include("source_md5hash");
    expect(Number(floor)).to.be.at.least(41);
  });

  // https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/cloud_scheduler_job#attempt_deadline
  it("is told no deadline of a job that publishes, which each plan would set again", () => {
    expect(text("pubsub.tf")).to.include("pubsub_target {").and.not.include("attempt_deadline");
  });
});

describe("the rights of each part", () => {
  const rights = allRights();
  const kindsOf = (role: string) =>
    new Set(rights.filter((right) => right.role === role).map(({ on }) => on.kind));

  it("grants on the resource what can be granted there", () => {
    expect([...kindsOf("roles/run.developer")]).to.deep.equal(["service"]);
    expect([...kindsOf("roles/run.invoker")]).to.have.members(["service", "functions"]);
    expect([...kindsOf("roles/iam.serviceAccountUser")]).to.have.members([
      "runtime-account",
      "build-account",
    ]);
    expect([...kindsOf("roles/secretmanager.secretAccessor")]).to.deep.equal(["secret"]);
    expect([...kindsOf("roles/pubsub.publisher")]).to.deep.equal(["topic"]);
  });

  it("grants no role that may do everything", () => {
    const roles = rights.map(({ role }) => role);
    expect(
      roles.filter((role) => /owner|editor$|admin/i.test(role) && role !== "roles/cloudbuild.builds.editor"),
    ).to.deep.equal([]);
  });

  it("makes each role of Gantry's own, which the module names one by one", () => {
    const accounts = readFileSync(join(root, "infra/accounts.tf"), "utf8");
    for (const { id } of ownRoles) expect(accounts).to.include(`own_roles["custom/${id}"].permissions`);
  });

  it("lets only build start builds, and nobody act as an account that it need not", () => {
    const of = (role: string, kind: string) =>
      rights
        .filter((right) => right.role === role && right.on.kind === kind)
        .map(({ component }) => component);
    expect(of("roles/cloudbuild.builds.editor", "service-project")).to.deep.equal(["build"]);
    expect(of("roles/iam.serviceAccountUser", "build-account")).to.deep.equal(["build"]);
    expect(of("roles/iam.serviceAccountUser", "runtime-account")).to.have.members(
      of("roles/run.developer", "service"),
    );
  });

  it("lets only those ask for a release, or pass on a click, who take them from people or from GitHub", () => {
    const publishers = (topic: string) =>
      rights
        .filter(({ on }) => on.kind === "topic" && "name" in on && on.name === topic)
        .map(({ component }) => component);
    expect(publishers("gantry-releases")).to.have.members(["service", "notify", "sweep"]);
    expect(publishers("gantry-commands")).to.deep.equal(["service"]);
    for (const topic of handOffTopics)
      expect(publishers(topic)).to.include.members([...functionNames, "service"]);
  });

  it("gives each secret to those alone who use it", () => {
    const readers = (id: string) =>
      rights
        .filter(({ on }) => on.kind === "secret" && "name" in on && on.name === id)
        .map(({ component }) => component);
    expect(readers(secretParts.webhook.id)).to.deep.equal(["service"]);
    expect(readers(secretParts.tokens.id)).to.deep.equal(["service"]);
    expect(readers(secretParts.slackToken.id)).to.have.members(["service", "notify"]);
    expect(readers(secretParts.otlp.id)).to.have.members([...functionNames, "service"]);
    expect(readers(secretParts.policy.id)).to.have.members([...functionNames, "service"]);
    expect(servicePart.secrets).to.have.length(Object.keys(secretParts).length);
  });
});

describe("runtimeState()", () => {
  const cases = [
    ["nodejs20", "2026-04-29", "supported"],
    ["nodejs20", "2026-04-30", "deprecated"],
    ["nodejs20", "2026-10-30", "retired"],
    ["nodejs24", "2026-11-23", "supported"],
  ] as const;
  for (const [name, today, state] of cases) {
    it(`calls ${name} ${state} on ${today}`, () => {
      expect(runtimeState(name, today)?.state).to.equal(state);
    });
  }

  it("says nothing of a runtime that it does not know", () => {
    expect(runtimeState("python312", "2026-11-23")).to.equal(null);
  });
});

/** A program that checks a module without the network: `fmt`, `init`, `validate` and `test` against a recorded schema. */
const tool = process.env["GANTRY_TERRAFORM_CHECK"] ?? "";
const hasTerraform =
  existsSync(tool) &&
  (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, "terraform")));

describe("the Terraform module, against the recorded schema of the provider", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "gantry-infra-"));

  before(function () {
    if (hasTerraform) return;
    console.log("      no terraform, or no GANTRY_TERRAFORM_CHECK: the module is not checked here");
    this.skip();
  });

  after(() => rmSync(folder, { recursive: true }));

  /** What the check says of the module with `from` replaced by `to` in one of its files. */
  async function checked(file: string, from: string, to: string): Promise<string> {
    rmSync(folder, { recursive: true });
    cpSync(join(root, "infra"), folder, { recursive: true });
    const tests = join(folder, "tests/install.tftest.hcl");
    const [first = ""] = readFileSync(tests, "utf8").split('run "messages"'); // one run of a plan is enough here
    writeFileSync(tests, first.replace('run "functions" {', 'run "functions" {\n  command = plan\n'));
    const text = readFileSync(join(folder, file), "utf8");
    expect(text).to.include(from);
    writeFileSync(join(folder, file), text.replace(from, to));
    const env = { ...process.env, GRPC_NODE_MODULES: join(root, "node_modules") };
    const ran = await promisify(execFile)(tool, [folder], { env }).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    return `${ran.stdout}${ran.stderr}`;
  }

  const mistakes = [
    ["functions.tf", "entry_point  ", "entrypoint   ", /Unsupported argument|not expected here/],
    ["gantry.json", '"runtime": "nodejs24"', '"runtime": "nodejs20"', /older runtimes are retired/],
  ] as const;
  for (const [file, from, to, complaint] of mistakes) {
    it(`is red when ${file} says ${to.trim()}`, async () => {
      expect(await checked(file, from, to)).to.match(complaint);
    });
  }
});
