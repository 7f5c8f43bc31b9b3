import { createHash } from "node:crypto";
import { type CommitSha, parseCommitSha, type ServiceKey } from "../../shared/domain/ids.ts";
import { noLimits, type Policy } from "../../shared/domain/policy.ts";

/** What the operator of the simulated world allows. */
export const policy: Policy = {
  repositories: [{ repository: "sim/*", services: ["**"], branches: null, accounts: [] }],
  approvers: { "@oncall": ["maya", "ada"] },
  people: {},
  limits: noLimits,
  freezes: [],
  images: ["europe-docker.pkg.dev/sim/**"],
  prices: [],
  access: { viewers: [], operators: [] },
};

/** The repository of a service. */
export function repositoryOf(service: ServiceKey): string {
  return `sim/${service.split("/")[2]}`;
}

/** A commit by any text. */
export function commitOf(text: string): CommitSha {
  const sha = parseCommitSha(createHash("sha1").update(text).digest("hex"));
  if (sha === null) throw new Error(text);
  return sha;
}

/** A quick way through a release. */
export function gantryYaml(
  service: ServiceKey,
  params: Readonly<{ approval: boolean; hold: boolean }>,
): string {
  const [project, region, name] = service.split("/");
  return `version: 1
service: { project: ${project}, region: ${region}, name: ${name} }
source: { repository: ${repositoryOf(service)}, tags: "v*.*.*" }
verify: { within: 2m, checks: [ { name: health, get: /health, status: 200, within: 5s } ] }
approval: { required: ${params.approval}, from: ["@oncall"], count: 1, author: false, expires: 5m }
rollout:
  steps: [ { traffic: 10%, hold: 20s }, { traffic: 50%, hold: 20s }, { traffic: 100% } ]
  watch: { every: 5s, errors: { max: 5% } }
  bake: 20s
  onFailure: ${params.hold ? "hold" : "rollback"}
`;
}
