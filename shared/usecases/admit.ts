import { parseGantryYaml } from "../config/gantry-yaml.ts";
import { placeProblems } from "../config/parse-config.ts";
import { formatProblem } from "../config/problem.ts";
import { freezeVerdict } from "../domain/freeze-words.ts";
import { isRepositoryName, type ReleaseId, type ServiceKey, type Timestamp } from "../domain/ids.ts";
import { branchesFor, limitProblems, matchesGlob, mayRelease } from "../domain/policy.ts";
import { type ReleaseConfig, serviceKeyOf } from "../domain/release-config.ts";
import type { ReleaseBasics } from "../domain/service-state.ts";
import { AppError } from "../ports/app-error.ts";
import type { PubSubEvent } from "../ports/bus.ts";
import type { Deps } from "./deps.ts";
import type { ReleaseRequest } from "./desk.ts";
import { execute } from "./execute.ts";
import { findTagged, type NotAdmitted } from "./find-tagged.ts";
import { standingFreezes } from "./freeze.ts";
import { givenImage } from "./given-image.ts";
import { goesOnWith } from "./invocation.ts";
import { readReleaseRequest } from "./messages.ts";
import { basicsFor, type Tagged } from "./release-basics.ts";
import { releaseIdFor } from "./release-id.ts";
import { workOn } from "./run-work.ts";
import { waitOut } from "./wait-out.ts";

const configFile = "gantry.yaml";

type Admitted = Readonly<{ service: ServiceKey; release: ReleaseBasics; config: ReleaseConfig }>;

/** The config of a commit, and the text that it was read from. */
type ReadConfig = Readonly<{ config: ReleaseConfig; text: string }>;

/**
 * Takes a request for a release: reads `gantry.yaml` at the commit and the operator's policy, and either hands the
 * release to its service or records why not. A request that was taken before changes nothing.
 */
export async function admit(deps: Deps, event: PubSubEvent): Promise<void> {
  const request = readReleaseRequest(event);
  const releaseId = releaseIdFor(request.requestId);
  const admission = await examinePushed(deps, request, releaseId);
  if ("code" in admission) {
    await refuse(deps, request, admission);
    return;
  }
  const { service, release, config } = admission;
  const executed = await execute(deps, {
    service,
    command: {
      type: "request-release",
      at: deps.clock.now(),
      releaseId,
      release,
      explicit: request.explicit,
    },
    cause: request.requestId,
    config: { hash: release.configHash, config },
    goesOnWith: goesOnWith("build"),
    goesOnAtOnce: true,
  });
  if (!executed.ok) {
    const { code, message, next } = executed.refusal;
    await refuse(deps, request, {
      code,
      message: `${message} To go on anyway: ${next}`,
      service,
      commit: release.commit,
      quiet: request.found === true && code === "tag-already-released", // its webhook came after all
    });
    return;
  }
  await workOn(deps, "build", service, executed.begun);
}

/** For how long a git host may tell of a push before all of its servers show it. */
const lagsForMs = 30_000;

/**
 * What becomes of a request. Where nobody asks by hand, the push was a moment ago: what is absent is asked for again for half a
 * minute, because a refusal is for good.
 */
async function examinePushed(
  deps: Deps,
  request: ReleaseRequest,
  releaseId: ReleaseId,
): Promise<Admitted | NotAdmitted> {
  let absentSince: Timestamp | null = null;
  return waitOut(deps, async () => {
    const admission = await examine(deps, request, releaseId);
    if (request.explicit || !("code" in admission) || !admission.absent) return admission;
    absentSince ??= deps.clock.now();
    if (deps.clock.now() - absentSince >= lagsForMs) return admission;
    const message = `${admission.message} It was pushed a moment ago, and the git host may not show it yet.`;
    throw new AppError({ code: "source-unavailable", message, transient: true });
  });
}

/** What would become of a request. Reads only, so that it can be asked without asking for a release. */
export async function examine(
  deps: Deps,
  request: ReleaseRequest,
  releaseId: ReleaseId,
): Promise<Admitted | NotAdmitted> {
  const unfit = repositoryRefusal(deps, request.repository);
  if (unfit) return unfit;
  const named = await findTagged(deps, request);
  if ("code" in named) return named;
  const tagged = { request, ...named };
  const read = await readConfig(deps, tagged);
  if ("code" in read) return read;
  const refused = await examineConfig(deps, tagged, read);
  if (refused) return refused;
  return examineFreezes(deps, tagged, releaseId, read.config);
}

/** Nothing new is released while a freeze stands, unless a person says why it has to be. */
async function examineFreezes(
  deps: Deps,
  tagged: Tagged,
  id: ReleaseId,
  config: ReleaseConfig,
): Promise<Admitted | NotAdmitted> {
  const service = serviceKeyOf(config.service);
  const freezes = (await standingFreezes(deps))(service);
  const { tag, commit, request } = tagged;
  const verdict = freezeVerdict({ tag, freezes, reason: request.despiteFreeze ?? null });
  if ("refusal" in verdict) return { code: "frozen", message: verdict.refusal, service, commit };
  const { despite } = verdict;
  const release = basicsFor(deps, tagged, { id, config });
  return withImage(deps, tagged, {
    service,
    config,
    release: despite === null ? release : { ...release, despite },
  });
}

/** An image that was built elsewhere is looked up last: nobody makes Gantry ask a registry for what it would refuse anyway. */
async function withImage(
  deps: Deps,
  { request, commit }: Tagged,
  admitted: Admitted,
): Promise<Admitted | NotAdmitted> {
  const { image: reference } = request;
  if (reference === undefined) return admitted;
  const { service, config, release } = admitted;
  const prebuilt = await givenImage(deps, { reference, config });
  return "code" in prebuilt
    ? { ...prebuilt, service, commit }
    : { ...admitted, release: { ...release, prebuilt } };
}

function repositoryRefusal({ policy }: Deps, repository: string): NotAdmitted | null {
  if (!isRepositoryName(repository))
    return {
      code: "repository-invalid",
      message: `${JSON.stringify(repository.slice(0, 100))} is no repository; name it as owner/name: gantry deploy TAG --repository OWNER/NAME`,
    };
  const isListed = policy.repositories.some((rule) =>
    matchesGlob(rule.repository.toLowerCase(), repository.toLowerCase()),
  );
  if (isListed) return null;
  return {
    code: "repository-not-listed",
    message: `gantry.policy.yaml does not list the repository ${repository}, so it releases nothing.`,
  };
}

async function readConfig(deps: Deps, { request, commit }: Tagged): Promise<ReadConfig | NotAdmitted> {
  const { repository } = request;
  const text = await deps.source.readFile({ repository, commit, path: configFile });
  const where = `${repository} at ${commit.slice(0, 7)}`;
  if (text === null)
    return {
      code: "config-missing",
      message: `${where} has no ${configFile} at its root. Write one and check it with: gantry validate`,
      commit,
      absent: true,
    };
  const parsed = parseGantryYaml({ text, file: configFile });
  if (parsed.ok) return { config: parsed.value, text };
  const problems = parsed.problems.map(formatProblem);
  return {
    code: "config-invalid",
    message: `${configFile} in ${where} has ${problems.length} problem(s). Check with: gantry validate`,
    problems,
    commit,
  };
}

async function examineConfig(
  deps: Deps,
  tagged: Tagged,
  { config, text }: ReadConfig,
): Promise<NotAdmitted | null> {
  const { request, tag, commit } = tagged;
  const service = serviceKeyOf(config.service);
  const { repository } = request;
  const say = (code: string, message: string, problems: readonly string[] = []): NotAdmitted => ({
    code,
    message,
    problems,
    service,
    commit,
  });
  if (config.source.repository.toLowerCase() !== repository.toLowerCase())
    return say(
      "repository-differs",
      `${configFile} says source.repository is ${config.source.repository}, but the tag was pushed to ${repository}.`,
    );
  if (!request.explicit && !matchesGlob(config.source.tags, tag))
    return {
      ...say(
        "tag-not-matched",
        `${tag} does not match source.tags ${config.source.tags}, so it releases nothing.`,
      ),
      quiet: true,
    };
  const allowed = mayRelease(deps.policy, { repository, service: config.service });
  if (!allowed.ok) return say("service-not-allowed", allowed.reason);
  const limits = placeProblems({ text, file: configFile }, limitProblems(deps.policy, config));
  if (limits.length > 0)
    return say(
      "policy-limits",
      `${configFile} is looser than gantry.policy.yaml allows.`,
      limits.map(formatProblem),
    );
  const branch = await branchRefusal(deps, tagged, config);
  return branch ? { ...say("branch-not-allowed", branch), absent: true } : null;
}

/** Where the policy names branches, the commit must lie on one of them. */
async function branchRefusal(
  deps: Deps,
  { request, tag, commit }: Tagged,
  { service }: ReleaseConfig,
): Promise<string | null> {
  const { repository } = request;
  const branches = branchesFor(deps.policy, { repository, service });
  if (branches === null) return null;
  for (const branch of branches)
    if (await deps.source.isOnBranch({ repository, commit, branch })) return null;
  return `${tag} names a commit that lies on none of the branches ${branches.join(", ")}.`;
}

async function refuse(deps: Deps, request: ReleaseRequest, refused: NotAdmitted): Promise<void> {
  const { code, message, problems = [], service = null, commit = null } = refused;
  const id = releaseIdFor(request.requestId);
  deps.log.warn(
    { releaseId: id, repository: request.repository, code, problems },
    "Refused a request for a release",
  );
  if (refused.quiet) return;
  const { repository, tag, requestedBy } = request;
  await deps.store.recordRefusal({
    id,
    at: deps.clock.now(),
    repository,
    tag: tag ?? "(none)",
    commit,
    service,
    requestedBy: requestedBy.name,
    code,
    message,
    problems,
  });
}
