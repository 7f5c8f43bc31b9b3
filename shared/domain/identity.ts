import type { CheckResult } from "./events.ts";
import { type Answer, parseJson } from "./gate.ts";
import type { ServiceKey } from "./ids.ts";
import type { Candidate } from "./service-state.ts";
import type { TrafficShare } from "./traffic.ts";

/** What is known of who answers at the candidate's tag URL. */
export type IdentityEvidence = Readonly<{
  candidate: Candidate;
  /** The traffic that requests really meet; null = the service does not exist. */
  effective: readonly TrafficShare[] | null;
  /** The digest that the revision runs; null = no such revision, or not deployed by digest. */
  revisionDigest: string | null;
  firstDeploy: boolean;
  /** What the service says about itself; null = nothing. */
  told: string | null;
}>;

const name = "identity";

/**
 * The proof that the tag URL is answered by the candidate: its tag maps to it in the effective traffic, it has no
 * traffic yet (but for a first deploy), it runs the digest that was built, and where it tells its revision, it is this.
 */
export function judgeIdentity(evidence: IdentityEvidence): CheckResult {
  const { candidate, told } = evidence;
  const limit = `${candidate.tag} → ${candidate.revision}`;
  const complaint = trafficComplaint(evidence) ?? digestComplaint(evidence) ?? toldComplaint(evidence);
  if (complaint !== null) return { name, verdict: "fail", measured: complaint, limit };
  const words = told === null ? "it does not tell its revision" : "it says so itself";
  return { name, verdict: "pass", measured: `${limit}, ${words}`, limit };
}

function trafficComplaint(evidence: IdentityEvidence): string | null {
  const { candidate, effective, firstDeploy } = evidence;
  if (effective === null) return "the service does not exist";
  const tagged = effective.find(({ tag }) => tag === candidate.tag);
  if (tagged === undefined) return `the tag ${candidate.tag} is not in the effective traffic`;
  if (tagged.revision !== candidate.revision) return `${candidate.tag} → ${tagged.revision ?? "latest"}`;
  const percent = shareOf({ effective, candidate });
  if (firstDeploy || percent === 0) return null;
  return `${candidate.revision} has ${percent} % of the traffic already`;
}

/**
 * While traffic moves: null when the tag still leads to the candidate. A tag that leads elsewhere is a `fail`; one that
 * is gone is `inconclusive`, because then nothing can be seen of the candidate.
 */
export function judgeTag(
  params: Readonly<{ candidate: Candidate; effective: readonly TrafficShare[] }>,
): CheckResult | null {
  const { candidate, effective } = params;
  const tagged = effective.find(({ tag }) => tag === candidate.tag);
  if (tagged?.revision === candidate.revision) return null;
  const limit = `${candidate.tag} → ${candidate.revision}`;
  if (tagged === undefined) {
    return { name, verdict: "inconclusive", measured: `the tag ${candidate.tag} is gone`, limit };
  }
  return { name, verdict: "fail", measured: `${candidate.tag} → ${tagged.revision ?? "latest"}`, limit };
}

function shareOf(params: Readonly<{ effective: readonly TrafficShare[]; candidate: Candidate }>): number {
  return params.effective
    .filter(({ revision }) => revision === params.candidate.revision)
    .reduce((sum, { percent }) => sum + percent, 0);
}

function digestComplaint(evidence: IdentityEvidence): string | null {
  const { candidate, revisionDigest } = evidence;
  if (revisionDigest === candidate.image.digest) return null;
  if (revisionDigest === null) return `${candidate.revision} does not run an image by digest`;
  return `${candidate.revision} runs ${revisionDigest.slice(0, 19)}…, built was ${candidate.image.digest.slice(0, 19)}…`;
}

function toldComplaint(evidence: IdentityEvidence): string | null {
  const { candidate, told } = evidence;
  if (told === null || told === candidate.revision) return null;
  return `the answer comes from ${JSON.stringify(told.slice(0, 80))}`;
}

/** Answer headers in which a service may tell its revision, in the order in which they count. */
const revisionHeaders = ["x-gantry-revision", "k-revision", "x-cloud-run-revision"] as const;

/**
 * The revision that an answer tells, or null. A header of `revisionHeaders` counts as it stands. The field `revision`
 * of a JSON object counts only when it begins like a revision of this service (Cloud Run names each one
 * `SERVICE-…`), because elsewhere `revision` means a commit or a model.
 */
export function toldRevision(params: Readonly<{ service: ServiceKey; answer: Answer }>): string | null {
  const { service, answer } = params;
  if (answer.kind !== "answer") return null;
  for (const header of revisionHeaders) {
    const value = Object.hasOwn(answer.headers, header) ? answer.headers[header]?.trim() : undefined;
    if (value !== undefined && value !== "") return value;
  }
  return answer.truncated ? null : revisionField({ service, body: answer.body });
}

function revisionField(params: Readonly<{ service: ServiceKey; body: string }>): string | null {
  if (!params.body.includes('"revision"')) return null;
  const value = parseJson(params.body)?.value;
  if (typeof value !== "object" || value === null || !("revision" in value)) return null;
  const prefix = `${params.service.slice(params.service.lastIndexOf("/") + 1)}-`;
  return typeof value.revision === "string" && value.revision.startsWith(prefix) ? value.revision : null;
}
