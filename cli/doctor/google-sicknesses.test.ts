import { changed, findsEach, type Sickness, useRepository } from "../../test/support/doctor-harness.ts";
import { apiOff, googleError, policyKey, project } from "../../test/support/google-project.ts";

describe("gantry doctor, of Google Cloud", () => {
  useRepository();

  const pubsub = `GET pubsub.googleapis.com/v1/projects/${project}`;
  const functions = `GET cloudfunctions.googleapis.com/v2/projects/${project}/locations/us-central1/functions`;
  const jobs = `GET cloudscheduler.googleapis.com/v1/projects/${project}/locations/us-central1/jobs`;
  const database = `GET firestore.googleapis.com/v1/projects/${project}/databases/(default)`;
  const versions = `GET secretmanager.googleapis.com/v1/projects/${project}/secrets/gantry-tokens/versions`;
  /** A version beside the older one, which is enabled. */
  const newest = (state: string) =>
    changed<{ versions: { name: string; state: string }[] }>(versions, (body) => {
      body.versions.unshift({ name: "projects/123456789012/secrets/gantry-tokens/versions/2", state });
    });
  const named = (one: { name: string }, name: string) => one.name.endsWith(`/${name}`);
  const functionNamed = (
    name: string,
    edit: (one: {
      state: string;
      buildConfig: { runtime: string };
      serviceConfig: Record<string, unknown>;
    }) => void,
  ) =>
    changed<{
      functions: {
        name: string;
        state: string;
        buildConfig: { runtime: string };
        serviceConfig: Record<string, unknown>;
      }[];
    }>(functions, (body) => {
      for (const one of body.functions) if (named(one, name)) edit(one);
    });
  const without = (list: string, name: string) => (body: Record<string, { name: string }[]>) => {
    body[list] = (body[list] ?? []).filter((one) => !named(one, name));
  };

  const sicknesses: readonly Sickness[] = [
    [
      "an API that is off",
      changed<{ services: { name: string; state: string }[] }>(
        `GET serviceusage.googleapis.com/v1/projects/${project}/services:batchGet`,
        ({ services }) => {
          for (const one of services) if (named(one, "run.googleapis.com")) one.state = "DISABLED";
        },
      ),
      "broken",
      /^APIs are off: run\.googleapis\.com$/,
      /^gcloud services enable run\.googleapis\.com --project acme-ops$/,
    ],
    [
      "an API that is asked while it is off",
      (answers) => void answers.set(jobs, apiOff("cloudscheduler.googleapis.com")),
      "broken",
      /^the scheduler jobs: its API is off$/,
      /^gcloud services enable cloudscheduler\.googleapis\.com/,
    ],
    [
      "something that may not be seen",
      (answers) =>
        void answers.set(
          functions,
          googleError(403, "PERMISSION_DENIED", "Permission 'cloudfunctions.functions.list' denied"),
        ),
      "unknown",
      /^the functions: you may not look$/,
      /roles\/viewer/,
    ],
    [
      "a topic that is missing",
      changed(`${pubsub}/topics`, without("topics", "gantry-rollout")),
      "broken",
      /topics are missing: gantry-rollout/,
      /^gcloud pubsub topics create gantry-rollout --project acme-ops$/,
    ],
    [
      "a Cloud Build that nobody hears",
      changed(`${pubsub}/topics`, without("topics", "cloud-builds")),
      "warning",
      /acme-ops has no topic cloud-builds/,
      /topics create cloud-builds/,
    ],
    [
      "a clock that was paused",
      changed<{ jobs: { name: string; state: string }[] }>(jobs, (body) => {
        for (const one of body.jobs) if (named(one, "gantry-sweep")) one.state = "PAUSED";
      }),
      "broken",
      /the job gantry-sweep is PAUSED/,
      /scheduler jobs resume gantry-sweep/,
    ],
    [
      "a clock that fails",
      changed<{ jobs: { name: string; status: object }[] }>(jobs, (body) => {
        for (const one of body.jobs) if (named(one, "gantry-warmup")) one.status = { code: 7 };
      }),
      "broken",
      /gantry-warmup failed at its last run/,
      /scheduler jobs run gantry-warmup/,
    ],
    [
      "a function that failed to start",
      functionNamed(
        "gantry-build",
        (one) =>
          void Object.assign(one, {
            state: "FAILED",
            stateMessages: [
              { severity: "ERROR", type: "CloudRunServiceNotReady", message: "Container failed." },
            ],
          }),
      ),
      "broken",
      /gantry-build is FAILED/,
      /functions describe gantry-build/,
    ],
    [
      "a retired runtime",
      functionNamed("gantry-notify", (one) => {
        one.buildConfig.runtime = "nodejs20";
      }),
      "broken",
      /gantry-notify runs on nodejs20, retired on 2026-10-30/,
      /nodejs24/,
    ],
    [
      "a function with somebody else's account",
      functionNamed("gantry-sweep", (one) => {
        one.serviceConfig["serviceAccountEmail"] = "123456789012-compute@developer.gserviceaccount.com";
      }),
      "broken",
      /gantry-sweep runs as 123456789012-compute/,
      /terraform apply/,
    ],
    [
      "a function that Google ends too early",
      functionNamed("gantry-verify", (one) => {
        one.serviceConfig["timeoutSeconds"] = 540;
      }),
      "broken",
      /gantry-verify may run for only 540 s, not 3600/,
      /terraform apply/,
    ],
    [
      "a function that anybody may call",
      changed<{ bindings: { role: string; members: string[] }[] }>(
        policyKey({ type: "run-service", project, region: "us-central1", name: "gantry-deploy" }),
        ({ bindings }) => {
          bindings.push({ role: "roles/run.invoker", members: ["allUsers"] });
        },
      ),
      "broken",
      /anybody may call gantry-deploy/,
      /remove-iam-policy-binding gantry-deploy/,
    ],
    [
      "no database",
      (answers) => void answers.delete(database),
      "broken",
      /there is no Firestore database \(default\)/,
      /firestore databases create/,
    ],
    [
      "a database of the other kind",
      (answers) => void answers.set(database, { type: "DATASTORE_MODE" }),
      "broken",
      /the database \(default\) is DATASTORE_MODE/,
      /firestore-native/,
    ],
    [
      "no time-to-live",
      changed<{ fields: unknown[] }>(`${database}/collectionGroups/-/fields`, (body) => {
        body.fields = [];
      }),
      "warning",
      /has no time-to-live/,
      /fields ttls update .* --enable-ttl$/,
    ],
    [
      "a secret without a value",
      (answers) => void answers.set(versions, {}),
      "broken",
      /the secret gantry-tokens has no value/,
      /^gcloud secrets versions add gantry-tokens --project acme-ops --data-file=FILE$/,
    ],
    [
      "a secret whose newest version is disabled",
      newest("DISABLED"),
      "broken",
      /^version 2 of the secret gantry-tokens, its newest, is disabled$/,
      /^gcloud secrets versions enable 2 --secret=gantry-tokens --project acme-ops$/,
    ],
    [
      "a secret whose newest version is destroyed",
      newest("DESTROYED"),
      "broken",
      /^version 2 of the secret gantry-tokens, its newest, is destroyed$/,
      /^gcloud secrets versions add gantry-tokens --project acme-ops --data-file=FILE$/,
    ],
    [
      "a right that is missing",
      changed<{ bindings: { role: string; members: string[] }[] }>(
        policyKey({ type: "run-service", project, region: "us-central1", name: "api" }),
        (body) => {
          body.bindings = body.bindings.filter(
            ({ role, members }) =>
              role !== "roles/run.developer" || !members.some((one) => one.includes("gantry-rollout@")),
          );
        },
      ),
      "broken",
      /^rollout lacks roles\/run\.developer on acme-ops\/us-central1\/api$/,
      /^gcloud run services add-iam-policy-binding api --project=acme-ops --region=us-central1 --member=serviceAccount:gantry-rollout@/,
    ],
    [
      "a service that is not there",
      (answers) =>
        void answers.delete(
          `GET run.googleapis.com/v2/projects/${project}/locations/us-central1/services/api`,
        ),
      "broken",
      /there is no service acme-ops\/us-central1\/api/,
      /^gcloud run deploy api /,
    ],
    [
      "a service with everybody's account",
      (answers) =>
        void answers.set(`GET run.googleapis.com/v2/projects/${project}/locations/us-central1/services/api`, {
          template: {},
        }),
      "warning",
      /runs as the default compute account/,
      /--service-account ACCOUNT/,
    ],
  ];
  findsEach(sicknesses);
});
