import { z } from "zod";
import { documentId } from "../../shared/adapters/firestore/document-id.ts";
import { refusalNote } from "../../shared/usecases/tell-forge.ts";
import { type Finding, findings } from "./finding.ts";
import type { GoogleApi } from "./google-api.ts";
import type { Target } from "./target.ts";

const noteShape = z.object({ fields: z.object({ body: z.object({ stringValue: z.string() }) }) });

/** What GitHub refused longer ago than this was put right, or nothing was released since. */
const recentMs = 7 * 86_400_000;

/** Whether GitHub refused lately to be told of releases: Gantry notes it in its store, once a day and repository. */
export async function checkForgeRefusals(
  api: GoogleApi,
  { project, database, repository, today }: Target,
): Promise<readonly Finding[]> {
  if (repository === null) return [];
  const id = encodeURIComponent(documentId(refusalNote(repository)));
  const root = `firestore.googleapis.com/v1/projects/${project}/databases/${database}/documents`;
  const answer = await api.get(`${root}/notes/${id}`, noteShape);
  if (!answer.ok) return []; // no such note; that the database cannot be read is said by its own check
  const at = Number(answer.value.fields.body.stringValue);
  if (!Number.isFinite(at) || Date.parse(today) - at > recentMs) return [];
  return [
    findings("github-refused").warning(
      `GitHub refused on ${new Date(at).toISOString().slice(0, 16)}Z to be told of a release of ${repository}`,
      "Releases go on, and GitHub does not show them. The log of gantry-notify says which permission is missing.",
      `gcloud logging read 'jsonPayload.message="The forge does not let Gantry tell of releases; a person has to look"' --project ${project} --limit 1`,
    ),
  ];
}
