import { byGravity, type Finding } from "./finding.ts";
import {
  type ChangeAllowance,
  guardrailRows,
  movedRows,
  rowsInWords,
  type SettingRow,
  settingsOfRows,
  sortRows,
} from "./guardrails.ts";
import type { ServiceKey, TagName } from "./ids.ts";
import { connectionFindings } from "./preflight-connection.ts";
import { limitFindings } from "./preflight-limits.ts";
import { probeFindings } from "./preflight-probes.ts";
import { quotaFindings, type TemplateTrial } from "./preflight-quota.ts";
import { type TrafficNow, trafficFindings } from "./preflight-traffic.ts";
import { type ReleaseConfig, serviceKeyOf } from "./release-config.ts";
import { accountRefusal } from "./runtime-account.ts";
import type { SecretUse, ServiceSettings } from "./service-settings.ts";

/** What was found of something that a release needs; `unknown` = it could not be asked, and why. */
export type Looked<State extends string> = Readonly<{ state: State } | { state: "unknown"; why: string }>;

/** A secret that the service uses, and whether its version can be read. */
export type SecretState = SecretUse & Looked<"usable" | "missing" | "disabled">;

/** The service as it stands. */
export type LiveService = Readonly<{ settings: ServiceSettings; traffic: TrafficNow }>;

/** All that was read before a release; nothing was changed by reading it. */
export type PreflightReading = Readonly<{
  live: LiveService | null; // null = the service does not exist
  /** Where this repository's service stood when it was released last; looked up only where `live` is null. */
  releasedAs: ServiceKey | null;
  /** What Cloud Run says of the template without making it. */
  trial: TemplateTrial;
  /** GPUs that the region's quota allows; null = not known. */
  gpuQuota: number | null;
  imageRepository: (Readonly<{ name: string }> & Looked<"exists" | "missing">) | null; // null = not looked up
  /** The repository that the source is fetched through; null = not looked up, or none is named. */
  connection: Looked<"exists" | "missing" | "other"> | null;
  secrets: readonly SecretState[];
}>;

export type PreflightQuestion = Readonly<{
  tag: TagName;
  config: ReleaseConfig;
  allowance: ChangeAllowance | null;
  accounts: readonly string[]; // `accountsFor` of the policy
}>;

/** All findings of a release that has not begun, the gravest first. The same reading always gives the same findings. */
export function preflight(question: PreflightQuestion, reading: PreflightReading): readonly Finding[] {
  const { config } = question;
  const { live } = reading;
  return byGravity([
    ...guardFindings(question, reading),
    ...accountFindings(question, reading),
    ...(live === null ? firstDeploy(config) : trafficFindings(config, live.traffic)),
    ...limitFindings(config, live?.settings ?? null),
    ...quotaFindings(config, reading),
    ...probeFindings(config, live?.settings.template ?? null),
    ...repositoryFindings(config, reading),
    ...connectionFindings(config, reading.connection),
    ...reading.secrets.flatMap((secret) => secretFindings(config, secret)),
  ]);
}

/** What of the guard rails is not so, refused or allowed by name. */
export function guardFindings(
  question: Omit<PreflightQuestion, "accounts">,
  { live, releasedAs }: Pick<PreflightReading, "live" | "releasedAs">,
): readonly Finding[] {
  const { config, allowance, tag } = question;
  const isWarmed = config.warmup?.mode === "minInstances";
  const rows =
    live === null
      ? releasedAs === null || releasedAs === serviceKeyOf(config.service)
        ? []
        : movedRows(config.service, releasedAs)
      : guardrailRows(config.guardrails, { settings: live.settings, isWarmed });
  const { refused, allowed } = sortRows(rows, allowance);
  return [
    ...(refused.length === 0 ? [] : [broken(tag, refused)]),
    ...(allowed.length === 0 ? [] : [permitted(allowed, allowance?.reason ?? "")]),
  ];
}

function broken(tag: TagName, rows: ReturnType<typeof sortRows>["refused"]): Finding {
  const settings = settingsOfRows(rows);
  return {
    severity: "stops",
    code: "guardrail-broken",
    message: `A guard rail of gantry.yaml is broken: ${rowsInWords(rows)}.`,
    next: `put the service or gantry.yaml right, or allow it once: gantry deploy ${tag} --allow-change ${settings} --reason TEXT`,
    rows,
  };
}

/** What of the guard rails the new revision does not keep; it has no traffic, and goes. */
export function brokenAfterDeploy(rows: readonly SettingRow[]): Finding {
  return {
    severity: "stops",
    code: "guardrail-broken",
    message: `The new revision does not keep the guard rails: ${rowsInWords(rows)}.`,
    next: "put the service or gantry.yaml right, then gantry deploy TAG",
    rows,
  };
}

function permitted(rows: ReturnType<typeof sortRows>["allowed"], reason: string): Finding {
  const why = reason === "" ? "" : ` (${reason})`;
  return {
    severity: "notes",
    code: "guardrail-allowed",
    message: `A person allowed this release to differ${why}: ${rowsInWords(rows)}.`,
    next: "",
    rows,
  };
}

function accountFindings(
  { config, accounts }: PreflightQuestion,
  { live }: PreflightReading,
): readonly Finding[] {
  const message = accountRefusal({ config, live: live?.settings.template ?? null, accounts });
  if (message === null) return [];
  const next =
    "take the account out of gantry.yaml, or let the operator add it to accounts of that rule; then gantry deploy TAG";
  return [{ severity: "stops", code: "account-not-allowed", message, next }];
}

function firstDeploy({ service }: ReleaseConfig): readonly Finding[] {
  return [
    {
      severity: "warns",
      code: "first-deploy",
      message: `${service.name} does not exist in ${service.region} yet. Cloud Run gives the first revision of a service all traffic at once, before the gate; when the gate fails, Gantry removes the service again.`,
      next: "",
    },
  ];
}

function repositoryFindings(
  { service }: ReleaseConfig,
  { imageRepository }: PreflightReading,
): readonly Finding[] {
  if (imageRepository === null || imageRepository.state === "exists") return [];
  const { name } = imageRepository;
  if (imageRepository.state === "unknown")
    return [
      {
        severity: "notes",
        code: "image-repository-unknown",
        message: `Whether the image repository ${name} exists could not be looked up (${imageRepository.why}); a build that cannot push fails at its end.`,
        next: "",
      },
    ];
  const [host = "", project = "", repository = ""] = name.split("/");
  const location = host.replace(/-docker\.pkg\.dev$/, "") || service.region;
  return [
    {
      severity: "stops",
      code: "image-repository-missing",
      message: `The image repository ${name} does not exist, so the build could not push its image.`,
      next: `gcloud artifacts repositories create ${repository} --repository-format=docker --location=${location} --project=${project}`,
    },
  ];
}

function secretFindings({ service }: ReleaseConfig, found: SecretState): readonly Finding[] {
  const { at, secret, version, state } = found;
  const what = `The secret ${secret}:${version} for ${at}`;
  if (state === "missing" || state === "disabled")
    return [
      {
        severity: "stops",
        code: "secret-missing",
        message: `${what} ${state === "missing" ? "does not exist" : "is disabled or destroyed"}, so no new instance could start.`,
        next: `gcloud secrets versions list ${secret} --project=${service.project}`,
      },
    ];
  return [
    ...(found.state === "unknown"
      ? [
          {
            severity: "notes" as const,
            code: "secret-unknown" as const,
            message: `${what} could not be looked up (${found.why}).`,
            next: "",
          },
        ]
      : []),
    ...(version === "latest"
      ? [
          {
            severity: "notes" as const,
            code: "secret-latest" as const,
            message: `${what} is whatever is latest when an instance starts, so stable and candidate may see different values.`,
            next: `name a version, for example ${secret}:1`,
          },
        ]
      : []),
  ];
}
