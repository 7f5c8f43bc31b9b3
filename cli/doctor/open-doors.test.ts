import { expect } from "chai";
import { refusalNote } from "../../shared/usecases/tell-forge.ts";
import {
  type Change,
  changed,
  examined,
  gantryYaml,
  useRepository,
  wrongs,
} from "../../test/support/doctor-harness.ts";
import { policyKey, project } from "../../test/support/google-project.ts";

type Policy = { bindings: { role: string; members: string[] }[] };

const region = "us-central1";
const open = (name: string, role: string, member: string): Change =>
  changed<Policy>(policyKey({ type: "run-service", project, region, name }), ({ bindings }) => {
    bindings.push({ role, members: [member] });
  });
const root = `GET run.googleapis.com/v2/projects/${project}/locations/${region}/services`;

describe("gantry doctor, of what opens without a word", () => {
  useRepository();

  it("finds every way in which strangers may call a function, with the command that takes it away", async () => {
    const report = await examined((answers) => {
      open("gantry-deploy", "roles/run.invoker", "allUsers")(answers);
      open("gantry-rollout", "roles/run.servicesInvoker", "allAuthenticatedUsers")(answers);
      answers.set(`${root}/gantry-verify`, { invokerIamDisabled: true });
      changed<Policy>(policyKey({ type: "project", project }), ({ bindings }) => {
        bindings.push({ role: "roles/run.invoker", members: ["allUsers"] });
      })(answers);
    });
    const found = wrongs(report).map(({ state, what, next }) => `${state}: ${what}: ${next.join()}`);
    const at = `--region ${region} --project ${project}`;
    const remove = "gcloud run services remove-iam-policy-binding";
    expect(found).to.have.members([
      `broken: anybody may call gantry-deploy: allUsers: ${remove} gantry-deploy ${at} --member=allUsers --role=roles/run.invoker`,
      `broken: anybody may call gantry-rollout: allAuthenticatedUsers: ${remove} gantry-rollout ${at} --member=allAuthenticatedUsers --role=roles/run.servicesInvoker`,
      `broken: anybody may call gantry-verify: its check of IAM is off: gcloud run services update gantry-verify ${at} --invoker-iam-check`,
      `broken: allUsers has roles/run.invoker in the whole project: gcloud projects remove-iam-policy-binding ${project} --member=allUsers --role=roles/run.invoker --all`,
    ]);
    expect(report.exitCode).to.equal(1);
  });

  it("finds what Google's own agents may not, a clock of another pace, and what GitHub refused lately", async () => {
    const own = (name: string) => (policy: Policy) => {
      policy.bindings = policy.bindings.filter(({ members }) => !members.some((one) => one.includes(name)));
    };
    const jobs = `GET cloudscheduler.googleapis.com/v1/projects/${project}/locations/${region}/jobs`;
    const report = await examined((answers) => {
      const deadLetters = { type: "topic", project, name: "gantry-dead-letters" } as const;
      const push = {
        type: "service-account",
        account: `gantry-push@${project}.iam.gserviceaccount.com`,
      } as const;
      for (const place of [deadLetters, push, { type: "project", project } as const])
        changed<Policy>(policyKey(place), own("gcp-sa-"))(answers);
      changed<{ jobs: { schedule: string }[] }>(jobs, (body) => {
        for (const one of body.jobs) one.schedule = "0 * * * *";
      })(answers);
      const documents = `GET firestore.googleapis.com/v1/projects/${project}/databases/(default)/documents`;
      const body = { stringValue: String(Date.now() - 3_600_000) };
      answers.set(`${documents}/notes/${encodeURIComponent(refusalNote("acme/api"))}`, { fields: { body } });
    });
    const found = wrongs(report);
    expect(found.map(({ state, what }) => `${state}: ${what.replace(/\d{4}-\S+Z/, "DATE")}`)).to.have.members(
      [
        "broken: Pub/Sub may not lay messages aside on gantry-dead-letters",
        "broken: Pub/Sub may not take messages out of its subscriptions",
        "broken: Pub/Sub may not sign its pushes as gantry-push",
        "broken: Cloud Build may not publish to cloud-builds in acme-ops",
        'broken: the job gantry-sweep runs at "0 * * * *", in Etc/UTC',
        'broken: the job gantry-warmup runs at "0 * * * *", in Etc/UTC',
        "warning: GitHub refused on DATE to be told of a release of acme/api",
      ],
    );
    for (const { next } of found) expect(next.join()).to.match(/^gcloud .*acme-ops/);
  });

  it("finds a proxy before the webhooks, and none before the console", async () => {
    const report = await examined((answers) => {
      answers.set(`${root}/gantry`, { iapEnabled: true });
      answers.set(`${root}/gantry-console`, {});
      const policy = { bindings: [{ role: "roles/run.invoker", members: ["allUsers"] }] };
      answers.set(policyKey({ type: "run-service", project, region, name: "gantry-console" }), policy);
    });
    const update = "gcloud beta run services update";
    const at = `--region ${region} --project ${project}`;
    expect(wrongs(report).map(({ state, next }) => `${state} ${next.join()}`)).to.deep.equal([
      `broken ${update} gantry ${at} --no-iap`,
      `broken ${update} gantry-console ${at} --iap`,
      `warning gcloud run services remove-iam-policy-binding gantry-console ${at} --member=allUsers --role=roles/run.invoker`,
    ]);
    const well = await examined((answers) => {
      answers.set(`${root}/gantry`, {});
      answers.set(`${root}/gantry-console`, { iapEnabled: true });
    });
    expect(wrongs(well)).to.deep.equal([]);
  });

  it("looks for Cloud Build's messages in the project that builds, and nowhere else", async () => {
    const elsewhere = gantryYaml.replace(`project: ${project}`, "project: acme-ml");
    const report = await examined(undefined, { "gantry.yaml": elsewhere });
    const found = wrongs(report).filter(({ check }) => check === "subscriptions");
    expect(found.map(({ what }) => what)).to.deep.equal([
      "the subscription deploy-builds-acme-ml is missing",
    ]);
  });

  it("takes a missing subscription of notify for no fault of its own, where there is no Slack", async () => {
    const withoutSlack = {
      "gantry.server.yaml": 'version: 1\npublicUrl: "{url}"\ngithub: { api: "{url}/github" }\n',
    };
    const subscriptions = `GET pubsub.googleapis.com/v1/projects/${project}/subscriptions`;
    const gone = changed<{ subscriptions: { name: string }[] }>(subscriptions, (body) => {
      body.subscriptions = body.subscriptions.filter(({ name }) => !name.includes("/notify-"));
    });
    const silent = wrongs(await examined(gone, withoutSlack));
    expect(silent.map(({ state, check }) => `${state} ${check}`)).to.deep.equal([
      "warning subscriptions",
      "warning subscriptions",
      "warning subscriptions",
    ]);
    const quiet = {
      "gantry.server.yaml": `${withoutSlack["gantry.server.yaml"].replace('/github" }', '/github", report: false }')}`,
    };
    expect(wrongs(await examined(gone, quiet))).to.deep.equal([]);
  });
});
