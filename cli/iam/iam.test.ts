import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";
import { grantsOf, type Installation } from "../../shared/install/grants.ts";
import { allRights } from "../../shared/install/rights.ts";
import { cliIo, runCli } from "../../test/support/cli-harness.ts";
import { googleApi } from "../doctor/google-api.ts";
import { missingGrants } from "../doctor/granted-rights.ts";
import { grantCommands } from "./grant-command.ts";
import { placeText } from "./place-text.ts";

const run = promisify(execFile);

const account = "api-runtime@acme-ops.iam.gserviceaccount.com";
const service = `acme-ops/us-central1/api=${account}`;
const images = "us-central1-docker.pkg.dev/acme-ops/gantry";
const installation: Installation = {
  project: "acme-ops",
  region: "us-central1",
  database: "(default)",
  hasSlack: true,
  github: "token",
  hasOtlpHeaders: false,
  services: [
    {
      project: "acme-ops",
      region: "us-central1",
      name: "api",
      runtimeAccount: account,
      imageRepository: images,
    },
  ],
};

/** Google, as far as this test asks it: the policy that `policies` has for a URL, or none. */
function google(policies: (url: string) => object | null): typeof fetch {
  return async (input) => {
    const policy = policies(String(input));
    if (policy !== null) return Response.json(policy);
    const error = { code: 404, message: "Resource not found", status: "NOT_FOUND" };
    return Response.json({ error }, { status: 404 });
  };
}

const env = { GOOGLE_OAUTH_ACCESS_TOKEN: "ya29.test" };

describe("gantry iam", () => {
  it("prints each part once, with what it may do, where, and why", async () => {
    const { exitCode, stdout } = await runCli(["iam"]);
    expect(exitCode).to.equal(0);
    const parts = stdout.split("\n").flatMap((line) => /^([a-z]+) {2}/.exec(line)?.[1] ?? []);
    expect(parts).to.deep.equal([
      ...["build", "deploy", "verify", "rollout", "rollback", "notify", "warmup", "sweep"],
      ...["service", "push", "images", "packager"],
    ]);
    expect(stdout).to.match(/roles\/run\.developer +each service +/);
    expect(stdout).to.include("topic gantry-build … gantry-events (10)");
  });

  it("gives every right of its own in JSON, at its resource where project and services are named", async () => {
    const { stdout } = await runCli(["iam", "--json", "--project", "acme-ops", "--service", service]);
    const { rights } = JSON.parse(stdout);
    expect(rights).to.deep.include({
      component: "rollout",
      role: "roles/run.developer",
      on: "acme-ops/us-central1/api",
      why: "writes revisions and traffic; cannot say who may call the service",
    });
    expect(rights.filter((right: { on: string }) => right.on === "topic gantry-releases")).to.have.length(3);
  });

  it("needs a project and a service for commands", async () => {
    const { exitCode, stderr } = await runCli(["iam", "--gcloud"]);
    expect(exitCode).to.equal(64);
    expect(stderr).to.include("gantry iam --gcloud --project PROJECT");
  });

  it("prints the commands of what is missing alone", async () => {
    const grants = grantsOf(installation);
    const topic = "projects/acme-ops/topics/gantry-releases:getIamPolicy";
    const members = ["serviceAccount:gantry-service@acme-ops.iam.gserviceaccount.com"];
    const policies = (url: string) =>
      url.includes(topic) ? { bindings: [{ role: "roles/pubsub.publisher", members }], etag: "BwY=" } : {};
    const argv = ["iam", "--gcloud", "--project", "acme-ops", "--service", service];
    const { exitCode, stdout, stderr } = await runCli(argv, { env, fetch: google(policies) });
    const lines = stdout.trim().split("\n");
    expect(exitCode).to.equal(0);
    expect(lines).to.have.length(grants.length - 1 + 2); // one is there, and the roles of Gantry's own come first
    expect(lines[0]).to.match(/^gcloud iam roles create gantryBuildKeeper --project=acme-ops /);
    expect(
      lines.filter((line) => line.includes("topics add-iam-policy-binding gantry-releases")),
    ).to.have.length(2);
    expect(stderr).to.include(`${grants.length - 1} of ${grants.length} rights are missing`);
  });

  it("counts a binding with another condition, and a policy that cannot be read, as missing", async () => {
    const database = grantsOf(installation).filter(({ role }) => role === "roles/datastore.user");
    const binding = (condition: object | undefined) => ({
      bindings: [{ role: "roles/datastore.user", members: database.map(({ member }) => member), condition }],
    });
    const missing = async (policy: object | null) => {
      const api = googleApi(cliIo({ env, fetch: google(() => policy) }));
      return missingGrants(api, database);
    };
    const expression = database[0]?.condition?.expression;
    expect((await missing(binding({ title: "gantry-database", expression }))).missing).to.deep.equal([]);
    expect((await missing(binding(undefined))).missing).to.deep.equal([]);
    expect((await missing(binding({ title: "until may", expression: "false" }))).missing).to.have.length(9);
    const unread = await missing(null);
    expect(unread.missing).to.have.length(9);
    expect(unread.unreadable).to.deep.equal(["project acme-ops: Resource not found"]);
  });

  it("prints commands that a shell reads as they are meant", async () => {
    const [own] = installation.services;
    if (own === undefined) throw new Error("there is no service");
    const services = [own, { ...own, project: "acme-ml", name: "up", region: "europe-west4" }];
    const grants = grantsOf({ ...installation, github: "app", hasOtlpHeaders: true, services });
    const commands = grantCommands(grants);
    const script = `gcloud() { if [[ "$2" = describe ]]; then echo 123456789012; else printf '%s\\x1f' "$@"; echo; fi; }\n${commands.join("\n")}\n`;
    await run("bash", ["-n", "-c", script]);
    const { stdout } = await run("bash", ["-eu", "-c", script], { maxBuffer: 2 ** 22 });
    const read = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\x1f").slice(0, -1));
    expect(read).to.have.length(commands.length);
    const bindings = read.filter((words) => words.includes("add-iam-policy-binding"));
    expect(bindings).to.have.length(grants.length);
    for (const [index, { member, role, condition }] of grants.entries()) {
      const words = bindings[index] ?? [];
      expect(words).to.include.members([`--member=${member}`, `--role=${role}`]);
      if (condition === null) continue;
      const meant = condition.expression.replaceAll("PROJECT_NUMBER", "123456789012");
      const [said = ""] = words.flatMap(
        (word) => /^--condition=expression=(.*),title=[a-z-]+$/.exec(word)?.[1] ?? [],
      );
      expect(said.replaceAll("'", '"')).to.equal(meant);
      expect(said, "gcloud takes a comma for the next key").to.not.include(",");
    }
  });

  it("says of every right what it is for and where, and nothing twice in other words", () => {
    for (const { component, role, why, on } of allRights()) {
      expect(why, `${component} ${role}`).to.match(/^\p{L}.{9,}/u);
      expect(placeText(on, "(default)"), `${component} ${role}`).to.not.equal("");
    }
  });

  it("lets builds of another project run as the account of that project", () => {
    const services = [
      {
        project: "acme-ml",
        region: "us-central1",
        name: "up",
        runtimeAccount: account,
        imageRepository: "us-central1-docker.pkg.dev/acme-ml/gantry",
      },
    ];
    const grants = grantsOf({ ...installation, services });
    const images = grants.filter(({ component }) => component === "images");
    expect(new Set(images.map(({ member }) => member))).to.deep.equal(
      new Set(["serviceAccount:gantry-images@acme-ml.iam.gserviceaccount.com"]),
    );
  });

  it("grants what is to be done with images on the repository that is named with the service", async () => {
    const repositories = async (suffix: string) => {
      const argv = ["iam", "--json", "--project", "acme-ops", "--service", `${service}${suffix}`];
      const { rights } = JSON.parse((await runCli(argv)).stdout);
      const places = rights.flatMap(({ role, on }: { role: string; on: string }) =>
        role === "roles/artifactregistry.writer" ? [on] : [],
      );
      return places;
    };
    expect(await repositories("")).to.include("repository acme-ops/us-central1/gantry");
    const elsewhere = await repositories(",us-docker.pkg.dev/acme-images/own");
    expect(elsewhere).to.include("repository acme-images/us/own");
    expect(elsewhere).to.not.include("repository acme-ops/us-central1/gantry");
    const argv = ["iam", "--project", "acme-ops", "--service", `${service},own`];
    const { exitCode, stderr } = await runCli(argv);
    expect(exitCode).to.equal(64);
    expect(stderr).to.include("us-central1-docker.pkg.dev/acme-ops/images");
  });

  it("lets the builds of each project push to a repository that they share", () => {
    const imageRepository = "europe-docker.pkg.dev/example.com/acme-images/own";
    const services = ["acme-ml", "acme-web"].map((of) => ({
      project: of,
      region: "europe-west4",
      name: "up",
      runtimeAccount: account,
      imageRepository,
    }));
    const grants = grantsOf({ ...installation, services }).filter(({ role }) =>
      role.endsWith("registry.writer"),
    );
    const place = { type: "repository", project: "example.com:acme-images", region: "europe", name: "own" };
    const pushers = grants.filter(({ resource }) => JSON.stringify(resource) === JSON.stringify(place));
    expect(pushers.map(({ member }) => member)).to.deep.equal([
      "serviceAccount:gantry-images@acme-ml.iam.gserviceaccount.com",
      "serviceAccount:gantry-images@acme-web.iam.gserviceaccount.com",
    ]);
  });
});
