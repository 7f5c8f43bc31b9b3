import { z } from "zod";
import { type CompositeIndex, firestoreIndexes, timeToLive } from "../../shared/install/firestore-indexes.ts";
import { absentSecrets, apis, secretParts } from "../../shared/install/google-parts.ts";
import { type Finding, findings, unanswered } from "./finding.ts";
import type { GoogleApi } from "./google-api.ts";
import type { Target } from "./target.ts";

const apisShape = z.object({
  services: z.array(z.object({ name: z.string(), state: z.string() })).default([]),
});

/** The APIs that Gantry uses. */
export async function checkApis(api: GoogleApi, { project }: Target): Promise<readonly Finding[]> {
  const { ok, broken } = findings("apis");
  const names = apis.map((name) => `names=projects/${project}/services/${name}`).join("&");
  const url = `serviceusage.googleapis.com/v1/projects/${project}/services:batchGet?${names}`;
  const answer = await api.get(url, apisShape);
  if (!answer.ok) return [unanswered("apis", "the APIs", answer, project)];
  const on = new Set(
    answer.value.services
      .filter(({ state }) => state === "ENABLED")
      .map(({ name }) => name.split("/").at(-1)),
  );
  const off = apis.filter((name) => !on.has(name));
  if (off.length === 0) return [ok(`all ${apis.length} APIs are on`)];
  const command = `gcloud services enable ${off.join(" ")} --project ${project}`;
  return [broken(`APIs are off: ${off.join(", ")}`, "Every call to them is refused.", command)];
}

const databaseShape = z.object({ type: z.string().optional(), locationId: z.string().optional() });
const fieldsShape = z.object({
  fields: z
    .array(z.object({ name: z.string(), ttlConfig: z.object({ state: z.string() }).optional() }))
    .default([]),
});
const indexesShape = z.object({
  indexes: z
    .array(
      z.object({
        name: z.string(),
        state: z.string().optional(),
        fields: z
          .array(
            z.object({
              fieldPath: z.string(),
              order: z.string().optional(),
              arrayConfig: z.string().optional(),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

/** The database, its indexes and its time-to-live. */
export async function checkFirestore(
  api: GoogleApi,
  { project, database }: Target,
): Promise<readonly Finding[]> {
  const { ok, broken } = findings("firestore");
  const root = `firestore.googleapis.com/v1/projects/${project}/databases/${database}`;
  const create = `gcloud firestore databases create --database='${database}' --location=REGION --type=firestore-native --project ${project}`;
  const answer = await api.get(root, databaseShape);
  if (!answer.ok && answer.kind === "missing")
    return [
      broken(
        `there is no Firestore database ${database}`,
        "Gantry has nowhere to keep what it knows.",
        create,
      ),
    ];
  if (!answer.ok) return [unanswered("firestore", "the Firestore database", answer, project)];
  if (answer.value.type !== "FIRESTORE_NATIVE")
    return [
      broken(
        `the database ${database} is ${answer.value.type ?? "of no type"}`,
        "Gantry needs native mode.",
        create,
      ),
    ];
  const filter = encodeURIComponent("indexConfig.usesAncestorConfig:false OR ttlConfig:*");
  const fields = await api.get(`${root}/collectionGroups/-/fields?filter=${filter}`, fieldsShape);
  const indexes = await api.get(`${root}/collectionGroups/-/indexes`, indexesShape);
  return [
    ok(`the database ${database} is there, in ${answer.value.locationId ?? "some place"}`),
    ...(fields.ok
      ? timeToLive.flatMap((wanted) => ttlFinding(wanted, fields.value.fields, { project, database }))
      : [unanswered("firestore", "time-to-live", fields, project)]),
    ...(indexes.ok
      ? firestoreIndexes.flatMap((wanted) => indexFinding(wanted, indexes.value.indexes))
      : [unanswered("firestore", "the indexes", indexes, project)]),
  ];
}

function ttlFinding(
  { collection, field }: (typeof timeToLive)[number],
  fields: z.output<typeof fieldsShape>["fields"],
  { project, database }: Readonly<{ project: string; database: string }>,
): readonly Finding[] {
  const path = `/collectionGroups/${collection}/fields/${field}`;
  const state = fields.find(({ name }) => name.endsWith(path))?.ttlConfig?.state;
  if (state === "ACTIVE" || state === "CREATING") return [];
  const command = `gcloud firestore fields ttls update ${field} --collection-group=${collection} --database='${database}' --project ${project} --enable-ttl`;
  return [
    findings("firestore").warning(
      `${collection} has no time-to-live`,
      "What may go is kept, and paid, for ever.",
      command,
    ),
  ];
}

function indexFinding(
  wanted: CompositeIndex,
  found: z.output<typeof indexesShape>["indexes"],
): readonly Finding[] {
  const form = (fields: readonly Readonly<{ path: string; order: string }>[]) =>
    fields.map(({ path, order }) => `${path} ${order}`).join(", ");
  const same = found.find(
    ({ name, fields }) =>
      name.includes(`/collectionGroups/${wanted.collection}/`) &&
      form(
        fields
          .filter(({ fieldPath }) => fieldPath !== "__name__")
          .map(({ fieldPath, order, arrayConfig }) => ({
            path: fieldPath,
            order: order ?? arrayConfig ?? "",
          })),
      ) === form(wanted.fields),
  );
  const { broken, warning } = findings("firestore");
  const words = `the index of ${wanted.collection} on ${form(wanted.fields)}`;
  if (same === undefined)
    return [broken(`${words} is missing`, "The query that needs it is refused.", "terraform apply")];
  return same.state === "READY"
    ? []
    : [
        warning(
          `${words} is ${same.state ?? "not ready"}`,
          "Until it is, the query that needs it is refused.",
          "gantry doctor",
        ),
      ];
}

/** Newest first: https://cloud.google.com/secret-manager/docs/reference/rest/v1/ListSecretVersionsResponse */
const versionsShape = z.object({
  versions: z.array(z.object({ name: z.string(), state: z.string() })).default([]),
});

/** The newest version of each secret, which is what instances mount, can be read. The value itself is never asked for. */
export async function checkSecrets(api: GoogleApi, target: Target): Promise<readonly Finding[]> {
  const { project } = target;
  const spared = absentSecrets(target);
  const wanted = Object.entries(secretParts).filter(([name]) => !spared.some((one) => one === name));
  const found = await Promise.all(wanted.map(([, { id }]) => secretFinding(api, project, id)));
  const wrong = found.filter((finding) => finding !== null);
  const well = findings("secrets").ok(`all ${wanted.length} secrets have a value`);
  return [...(wrong.length > 0 ? wrong : [well]), ...(target.github === "none" ? [nobodyOnGitHub] : [])];
}

/** An installation may be without both, on purpose or not. */
const nobodyOnGitHub = findings("secrets").warning(
  `the secret ${secretParts.github.id} is missing`,
  "Private repositories cannot be read, and no status is written on GitHub.",
  "github_token = true, then: terraform apply",
);

async function secretFinding(api: GoogleApi, project: string, id: string): Promise<Finding | null> {
  const { broken } = findings("secrets");
  const url = `secretmanager.googleapis.com/v1/projects/${project}/secrets/${id}/versions?pageSize=1`;
  const answer = await api.get(url, versionsShape);
  const add = `gcloud secrets versions add ${id} --project ${project} --data-file=FILE`;
  const means = "What needs it does not start.";
  if (!answer.ok && answer.kind === "missing")
    return broken(
      `the secret ${id} is missing`,
      means,
      `gcloud secrets create ${id} --project ${project} --replication-policy=automatic`,
      add,
    );
  if (!answer.ok) return unanswered("secrets", `the secret ${id}`, answer, project);
  const [newest] = answer.value.versions;
  if (newest === undefined) return broken(`the secret ${id} has no value`, means, add);
  if (newest.state === "ENABLED") return null;
  const number = newest.name.split("/").at(-1) ?? "";
  const enable = `gcloud secrets versions enable ${number} --secret=${id} --project ${project}`;
  return broken(
    `version ${number} of the secret ${id}, its newest, is ${newest.state.toLowerCase()}`,
    `Instances mount the newest version, whatever older ones there are. ${means}`,
    ...(newest.state === "DISABLED" ? [enable, add] : [add]),
  );
}
