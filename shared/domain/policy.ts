import { isSameName } from "./person-name.ts";
import type { Price } from "./prices.ts";
import {
  imageRepositoryOf,
  type ReleaseConfig,
  type ServiceIdentity,
  type Weekday,
} from "./release-config.ts";
import type { Actor } from "./service-state.ts";

/** What `gantry.policy.yaml` says: the operator's word, which no `gantry.yaml` can loosen. */
export type Policy = Readonly<{
  repositories: readonly RepositoryRule[];
  approvers: Readonly<Record<string, readonly string[]>>; // `@group` → ids of people in chat
  people: Readonly<Record<string, Person>>; // canonical name → who that is elsewhere
  limits: PolicyLimits;
  freezes: readonly FreezeWindow[];
  /** Where images that were built elsewhere may come from, as globs of their names; null = as `gantry.yaml` builds. */
  images: readonly string[] | null;
  prices: readonly Price[]; // of this operator; they come before Gantry's own table
  access: AccessRules;
}>;

/** The other names of one person: logins on GitHub, user ids in Slack, mail addresses at Google. */
type Person = Readonly<{ github: readonly string[]; slack: readonly string[]; google: readonly string[] }>;

/** Who may use API and console when Google signed them in; each a name under `people`, a mail address, or `*@domain`; see `rolesOf`. */
type AccessRules = Readonly<{ viewers: readonly string[]; operators: readonly string[] }>;

/** Which services a repository may release. `*` stands for any text without a slash, `**` for any text. */
type RepositoryRule = Readonly<{
  repository: string; // `owner/name`
  services: readonly string[]; // `project/region/name`
  branches: readonly string[] | null; // the tag's commit must lie on one of them; null = on any
  accounts: readonly string[]; // globs; whom `gantry.yaml` may let these services run as, beside whom they run as already
}>;

/** A null limit leaves the matter to `gantry.yaml`. */
export type PolicyLimits = Readonly<{
  maxFirstStepPercent: number | null;
  minHoldMs: number | null; // of every step below 100 %
  minBakeMs: number | null;
  maxErrorShare: number | null; // 0..1; the highest `rollout.watch.errors.max` that is allowed
  requireApproval: readonly string[]; // services, with globs
  minApprovals: number | null; // wherever approval is asked for
  authorMayApprove: boolean; // false = never, whatever `approval.author` says
  requireChecks: boolean; // true = a gate without HTTP checks is refused
  requireRollback: boolean; // true = `rollout.onFailure` must be `rollback`
}>;

/** What an operator allows who limits nothing. */
export const noLimits: PolicyLimits = {
  maxFirstStepPercent: null,
  minHoldMs: null,
  minBakeMs: null,
  maxErrorShare: null,
  requireApproval: [],
  minApprovals: null,
  authorMayApprove: true,
  requireChecks: false,
  requireRollback: false,
};

/** A window in which nothing new is released; a rollback always may run. Times are local to `zone`. */
export type FreezeWindow =
  | Readonly<{
      kind: "weekly";
      name: string;
      zone: string; // IANA
      services: readonly string[];
      days: readonly Weekday[];
      hours: Readonly<{ from: string; to: string }> | null; // HH:MM; `to` before `from` = over midnight; null = all day
    }>
  | Readonly<{
      kind: "once";
      name: string;
      zone: string; // IANA
      services: readonly string[];
      from: string; // YYYY-MM-DDTHH:MM, the first moment that is frozen
      to: string; // YYYY-MM-DDTHH:MM, the first moment that is free again
    }>;

export type PolicyAnswer = Readonly<{ ok: true }> | Readonly<{ ok: false; reason: string }>;

/** A place in `gantry.yaml` that the policy does not allow. */
export type LimitProblem = Readonly<{ path: string; message: string }>;

/** Whether a repository may release a service; the reason is a sentence for the person who pushed the tag. */
export function mayRelease(
  policy: Policy,
  { repository, service }: Readonly<{ repository: string; service: ServiceIdentity }>,
): PolicyAnswer {
  const key = nameOf(service);
  const rules = rulesFor(policy, repository);
  if (rules.length === 0) {
    return {
      ok: false,
      reason: `The policy does not list the repository "${repository}", so it releases nothing.`,
    };
  }
  if (rules.some(({ services }) => matchesAny(services, key))) return { ok: true };
  return {
    ok: false,
    reason: `The policy does not let the repository "${repository}" release the service "${key}".`,
  };
}

/**
 * The branches of which one must hold the commit of a release; null = any will do. Only rules that name both the
 * repository and the service count, and one without branches is enough.
 */
export function branchesFor(
  policy: Policy,
  release: Readonly<{ repository: string; service: ServiceIdentity }>,
): readonly string[] | null {
  const rules = rulesOf(policy, release);
  return rules.some(({ branches }) => branches === null)
    ? null
    : rules.flatMap(({ branches }) => branches ?? []);
}

/**
 * Whether an image that was built elsewhere may be released, by its name without tag or digest. Where the policy names no
 * places, it is the repository that the service's own builds push to.
 */
export function mayUseImage(
  { images }: Policy,
  { name, config }: Readonly<{ name: string; config: ReleaseConfig }>,
): PolicyAnswer {
  const own = `${imageRepositoryOf(config)}/**`;
  if (matchesAny(images ?? [own], name)) return { ok: true };
  const reason =
    images === null
      ? `The image ${name} lies outside of ${own}, where this service's builds go. The operator can name other places under images in gantry.policy.yaml.`
      : `The policy does not let images come from ${name}; it names ${images.join(", ") || "no place"}.`;
  return { ok: false, reason };
}

/** The rules that name both the repository and the service. */
export function rulesOf(
  policy: Policy,
  { repository, service }: Readonly<{ repository: string; service: ServiceIdentity }>,
): readonly RepositoryRule[] {
  return rulesFor(policy, repository).filter(({ services }) => matchesAny(services, nameOf(service)));
}

/** GitHub names are the same in capitals and small letters. */
function rulesFor({ repositories }: Policy, repository: string): readonly RepositoryRule[] {
  return repositories.filter((rule) => matchesGlob(rule.repository.toLowerCase(), repository.toLowerCase()));
}

/** The one name of whoever goes by this on GitHub, in Slack or at Google; null = the policy does not know them. */
export function personNamed(
  { people }: Policy,
  { github, slack, google }: Readonly<{ github?: string; slack?: string; google?: string }>,
): string | null {
  const has = (names: readonly string[], wanted: string | undefined): boolean =>
    wanted !== undefined && names.some((name) => isSameName(name, wanted));
  const known = Object.entries(people).find(
    ([, person]) => has(person.github, github) || has(person.slack, slack) || has(person.google, google),
  );
  return known?.[0] ?? null;
}

/**
 * The same actor under the one name of the person, wherever they come from: nobody is two people to the rules of
 * approval. Whom the policy does not know keeps the name that they came with. In chat people name themselves, so only the
 * id counts there, and a stranger by the name of somebody whom the policy knows goes by the id.
 */
export function knownAs(policy: Policy, actor: Actor): Actor {
  if (actor.kind === "system") return actor;
  const { id, name } = actor;
  const named =
    personNamed(policy, { github: name }) ??
    personNamed(policy, { google: name }) ??
    Object.keys(policy.people).find((known) => isSameName(known, name)) ??
    null;
  if (id === undefined) return { ...actor, name: named ?? name };
  return { ...actor, name: personNamed(policy, { slack: id }) ?? (named === null ? name : id) };
}

/** Everything in a config that is looser than the policy allows; empty when there is nothing. */
export function limitProblems(policy: Policy, config: ReleaseConfig): readonly LimitProblem[] {
  return [...rolloutProblems(policy.limits, config), ...approvalProblems(policy, config)];
}

function rolloutProblems(limits: PolicyLimits, { rollout, verify }: ReleaseConfig): LimitProblem[] {
  const { maxFirstStepPercent, minHoldMs, minBakeMs, maxErrorShare } = limits;
  const first = rollout.steps[0]?.percent ?? 100;
  const holds = rollout.steps
    .map((step, index) => ({ ...step, index }))
    .filter(({ percent }) => percent < 100);
  return [
    ...problem(
      maxFirstStepPercent !== null && first > maxFirstStepPercent,
      "rollout.steps[0].traffic",
      `is ${first}%; the policy allows at most ${maxFirstStepPercent}% at first`,
    ),
    ...holds.flatMap(({ holdMs, index }) =>
      problem(
        minHoldMs !== null && holdMs < minHoldMs,
        `rollout.steps[${index}].hold`,
        `is ${inWords(holdMs)}; the policy asks for at least ${inWords(minHoldMs)}`,
      ),
    ),
    ...problem(
      minBakeMs !== null && rollout.bakeMs < minBakeMs,
      "rollout.bake",
      `is ${inWords(rollout.bakeMs)}; the policy asks for at least ${inWords(minBakeMs)}`,
    ),
    ...problem(
      maxErrorShare !== null && rollout.watch.maxErrorShare > maxErrorShare,
      "rollout.watch.errors.max",
      `is ${inPercent(rollout.watch.maxErrorShare)}; the policy allows at most ${inPercent(maxErrorShare)}`,
    ),
    ...problem(
      limits.requireRollback && rollout.onFailure !== "rollback",
      "rollout.onFailure",
      `is "${rollout.onFailure}"; the policy asks for "rollback"`,
    ),
    ...problem(
      limits.requireChecks && verify.checks.length === 0,
      "verify.checks",
      "is empty; the policy asks for at least one check",
    ),
  ];
}

function approvalProblems(
  { limits, approvers }: Policy,
  { approval, service }: ReleaseConfig,
): LimitProblem[] {
  const mustAsk = matchesAny(limits.requireApproval, nameOf(service));
  if (!approval.required) {
    return problem(mustAsk, "approval.required", "is false; the policy asks for approval of this service");
  }
  const unknown = approval.from.filter((name) => name.startsWith("@") && !Object.hasOwn(approvers, name));
  const { minApprovals } = limits;
  return [
    ...unknown.map((name) => ({
      path: "approval.from",
      message: `"${name}" is no group of the policy's approvers`,
    })),
    ...problem(
      minApprovals !== null && approval.count < minApprovals,
      "approval.count",
      `is ${approval.count}; the policy asks for at least ${minApprovals}`,
    ),
    ...problem(
      approval.authorMayApprove && !limits.authorMayApprove,
      "approval.author",
      "is true; the policy does not let authors approve their own release",
    ),
  ];
}

/** Whether a text matches a glob: `*` is any text without a slash, `**` any text; all else is itself. Linear in both. */
export function matchesGlob(glob: string, text: string): boolean {
  let ends = new Set([0]); // where the part of the glob that was read so far can end in the text
  for (const part of glob.split(/(\*+)/)) {
    const next = new Set<number>();
    for (const end of ends) {
      if (part.startsWith("*")) for (const stop of stopsFrom(text, end, part.length > 1)) next.add(stop);
      else if (text.startsWith(part, end)) next.add(end + part.length);
    }
    ends = next;
  }
  return ends.has(text.length);
}

function stopsFrom(text: string, start: number, overSlashes: boolean): readonly number[] {
  const slash = overSlashes ? -1 : text.indexOf("/", start);
  const last = slash < 0 ? text.length : slash;
  return Array.from({ length: last - start + 1 }, (_, index) => start + index);
}

function matchesAny(globs: readonly string[], text: string): boolean {
  return globs.some((glob) => matchesGlob(glob, text));
}

function nameOf({ project, region, name }: ServiceIdentity): string {
  return `${project}/${region}/${name}`;
}

function problem(holds: boolean, path: string, message: string): LimitProblem[] {
  return holds ? [{ path, message }] : [];
}

function inWords(milliseconds: number | null): string {
  const seconds = (milliseconds ?? 0) / 1000;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

function inPercent(share: number | null): string {
  return `${Number(((share ?? 0) * 100).toPrecision(9))}%`;
}
