import { expect } from "chai";
import { grantsOf, type Installation } from "../../shared/install/grants.ts";
import { cliIo, runCli } from "../../test/support/cli-harness.ts";
import { googleApi } from "../doctor/google-api.ts";
import { missingGrants } from "../doctor/granted-rights.ts";

const account = "api-runtime@acme-ops.iam.gserviceaccount.com";
const service = `acme-ops/us-central1/api=${account}`;
const installation: Installation = {
  project: "acme-ops",
  region: "us-central1",
  database: "(default)",
  hasSlack: true,
  github: "token",
  hasOtlpHeaders: false,
  services: [{ project: "acme-ops", region: "us-central1", name: "api", runtimeAccount: account }],
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

  it("lets builds of another project run as the account of that project", () => {
    const services = [{ project: "acme-ml", region: "us-central1", name: "up", runtimeAccount: account }];
    const grants = grantsOf({ ...installation, services });
    const images = grants.filter(({ component }) => component === "images");
    expect(new Set(images.map(({ member }) => member))).to.deep.equal(
      new Set(["serviceAccount:gantry-images@acme-ml.iam.gserviceaccount.com"]),
    );
  });
});
