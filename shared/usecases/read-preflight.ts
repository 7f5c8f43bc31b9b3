import type { Finding } from "../domain/finding.ts";
import { type ChangeAllowance, guardedSecrets } from "../domain/guardrails.ts";
import type { ReleaseId, RevisionName, ServiceKey, TagName } from "../domain/ids.ts";
import { type PreflightReading, preflight } from "../domain/preflight.ts";
import { quotaIn, type TemplateTrial } from "../domain/preflight-quota.ts";
import type { TrafficNow } from "../domain/preflight-traffic.ts";
import { imageRepositoryOf, type ReleaseConfig, serviceKeyOf } from "../domain/release-config.ts";
import { accountsFor } from "../domain/runtime-account.ts";
import { isSameSplit, splitOf } from "../domain/traffic.ts";
import { withoutWarmth } from "../domain/warm-state.ts";
import { AppError } from "../ports/app-error.ts";
import type { ServiceSnapshot, SettingsReading } from "../ports/run.ts";
import type { Deps } from "./deps.ts";

/** What a release is, as far as the preflight asks. */
export type Intention = Readonly<{
  releaseId: ReleaseId;
  tag: TagName;
  repository: string;
  config: ReleaseConfig;
  allowance: ChangeAllowance | null;
  isBuilt: boolean; // false = an image that was built elsewhere
}>;

/** What was found, and what it was found in; `reading` null = the service does not exist. */
export type Preflight = Readonly<{ findings: readonly Finding[]; reading: SettingsReading | null }>;

type Reader = Pick<Deps, "run" | "store" | "lookups" | "policy">;

/** The label by which a revision is one of Gantry's. */
const releaseLabel = "gantry-release";

/** A number of instances that no quota of GPUs allows, so that Cloud Run says how many it does. */
const absurdlyMany = 1_000;

/** Reads all that a release has to know before its build, and changes nothing. @throws AppError where the service cannot be read. */
export async function runPreflight(
  deps: Reader,
  intention: Intention,
  reading: SettingsReading | null,
): Promise<Preflight> {
  const { config, allowance, tag, repository } = intention;
  const accounts = accountsFor(deps.policy, { repository, service: config.service });
  const findings = preflight({ config, allowance, tag, accounts }, await readAll(deps, intention, reading));
  return { findings, reading };
}

async function readAll(
  deps: Reader,
  intention: Intention,
  reading: SettingsReading | null,
): Promise<PreflightReading> {
  const { config } = intention;
  const service = serviceKeyOf(config.service);
  const trial = await trialOf(deps, intention, null);
  return {
    live:
      reading === null
        ? null
        : {
            settings: withoutWarmth(reading.settings, (await deps.store.load(service)).state),
            traffic: await trafficOf(deps, service, reading.snapshot),
          },
    releasedAs: reading === null ? await releasedAs(deps, intention) : null,
    trial,
    ...(await needs(deps, intention, reading)),
    gpuQuota: reading?.settings.template.gpu ? await gpuQuota(deps, intention) : null,
  };
}

/** Between two looks at a service whose last write is still being carried out. */
const lookAgainMs = 1_000;

/**
 * The service once its last write is carried out, or, when that takes longer than `withinMs`, as it stands then: a split that
 * is on its way somewhere else is no split to judge.
 */
export async function settledReading(
  { run, clock }: Readonly<{ run: Pick<Deps["run"], "readSettings">; clock: Deps["clock"] }>,
  { service, withinMs, signal }: Readonly<{ service: ServiceKey; withinMs: number; signal: AbortSignal }>,
): Promise<SettingsReading | null> {
  const endsAt = clock.now() + withinMs;
  for (;;) {
    const reading = await run.readSettings(service);
    if (reading === null || !isUnderWay(reading.snapshot) || clock.now() >= endsAt) return reading;
    await clock.sleep({ ms: lookAgainMs, signal });
    signal.throwIfAborted();
  }
}

/** Cloud Run may call a write done before requests meet it; what failed stays as it is. */
function isUnderWay({
  settled,
  ready,
  desired,
  effective,
  latestReadyRevision: latest,
}: ServiceSnapshot): boolean {
  if (ready.state === "failed") return false;
  const wished = splitOf({ shares: desired, latest });
  return !settled || !isSameSplit(wished, splitOf({ shares: effective, latest }));
}

type Needs = Pick<PreflightReading, "imageRepository" | "connection" | "secrets">;

/** Where the image is pushed, unless none is built, and the secrets that the service uses, or will at its first deploy. */
async function needs(
  { lookups }: Reader,
  { config, isBuilt }: Intention,
  reading: SettingsReading | null,
): Promise<Needs> {
  if (lookups === null) return { imageRepository: null, connection: null, secrets: [] };
  const name = imageRepositoryOf(config);
  const { project } = config.service;
  const { connection, repository: sourceRepository } = config.source;
  const uses = reading?.settings.template.secrets ?? guardedSecrets(config.guardrails);
  const [repository, connected, secrets] = await Promise.all([
    isBuilt ? lookups.imageRepository(name) : null,
    isBuilt && connection !== undefined
      ? lookups.connectedRepository({ name: connection, repository: sourceRepository })
      : null,
    Promise.all(
      uses.map(async (use) => {
        const { secret, version } = use;
        return { ...use, ...(await lookups.secretVersion({ project, secret, version })) };
      }),
    ),
  ]);
  return { imageRepository: repository && { name, ...repository }, connection: connected, secrets };
}

/** Where the same repository's service was released before, while the one that is asked for does not exist. */
async function releasedAs({ store }: Reader, { repository, config }: Intention): Promise<ServiceKey | null> {
  const wanted = serviceKeyOf(config.service);
  const states = await store.services();
  const found = states.find(({ key, live }) => key !== wanted && live?.repository === repository);
  return found?.key ?? null;
}

async function trialOf(
  { run }: Reader,
  { releaseId, config }: Intention,
  maxInstances: number | null,
): Promise<TemplateTrial> {
  const { runtime, guardrails } = config;
  const service = serviceKeyOf(config.service);
  try {
    const tried = await run.tryTemplate({ service, releaseId, runtime, guardrails, maxInstances });
    return tried.outcome === "accepted"
      ? { state: "accepted" }
      : { state: "refused", message: tried.message };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { state: "unknown", why: error.message };
  }
}

/** Asks for more GPUs than there can be: the refusal names the quota. Where it is taken, Cloud Run did not look. */
async function gpuQuota(deps: Reader, intention: Intention): Promise<number | null> {
  const tried = await trialOf(deps, intention, absurdlyMany);
  if (tried.state !== "refused") return null;
  const violation = quotaIn(tried.message);
  return violation !== null && /gpu/i.test(violation.quota) ? violation.allowed : null;
}

async function trafficOf(
  deps: Reader,
  service: ServiceKey,
  { desired, effective, settled, ready, latestReadyRevision: latest }: ServiceSnapshot,
): Promise<TrafficNow> {
  const wished = splitOf({ shares: desired, latest });
  const served = splitOf({ shares: effective, latest });
  const strangers = wished.filter((share) => !served.some(({ revision }) => revision === share.revision));
  return {
    wished,
    served,
    followsLatest: desired.some(({ revision, percent }) => revision === null && percent > 0),
    remnants: await ownAmong(
      deps,
      service,
      strangers.map(({ revision }) => revision),
    ),
    failed: settled && ready.state === "failed" ? ready.message : null,
  };
}

async function ownAmong(
  { run }: Reader,
  service: ServiceKey,
  revisions: readonly RevisionName[],
): Promise<readonly RevisionName[]> {
  const found = await Promise.all(revisions.map((revision) => run.readRevision({ service, revision })));
  return revisions.filter((_revision, index) => found[index]?.labels[releaseLabel] !== undefined);
}
