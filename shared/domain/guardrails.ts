import type { ServiceKey } from "./ids.ts";
import type { Guardrails, ProbeGuard, ServiceIdentity } from "./release-config.ts";
import { type ProbeSettings, probeNames, type SecretUse, type ServiceSettings } from "./service-settings.ts";

/** What a release may not change: the keys of `guardrails` in gantry.yaml, and where the service stands. */
export const guardedSettings = [
  "gpu",
  "cpu",
  "memory",
  "concurrency",
  "instances",
  "timeout",
  "executionEnvironment",
  "serviceAccount",
  "ingress",
  "secrets",
  "probes",
  "project",
  "region",
  "name",
] as const;

export type GuardedSetting = (typeof guardedSettings)[number];

/** One setting that is not as it was promised, in words for a table. */
export type SettingRow = Readonly<{ setting: string; wanted: string; found: string }>;

/** A person's word that these settings may differ this once, and why. */
export type ChangeAllowance = Readonly<{ settings: readonly GuardedSetting[]; reason: string }>;

/** Cloud Run's own values where a setting is not given (Cloud Run, "Configure" pages of each setting). */
const defaults = {
  cpu: 1,
  memoryBytes: 512 * 2 ** 20,
  concurrency: 80,
  timeoutMs: 300_000,
  max: 100,
} as const;

type Found = Readonly<{
  settings: ServiceSettings;
  /** The service's own minimum belongs to the warmup then, and no release is held to it. */
  isWarmed: boolean;
}>;

type Row = SettingRow & Readonly<{ setting: GuardedSetting }>;

/** What of the guard rails is not so; settings that gantry.yaml does not name are not looked at. */
export function guardrailRows(guardrails: Guardrails, found: Found): readonly Row[] {
  const { template, service } = found.settings;
  return [
    ...row("gpu", guardrails.gpu, template.gpu, gpuWords),
    ...row("cpu", guardrails.cpu, template.cpu ?? defaults.cpu, (cpu) => `${cpu} vCPU`),
    ...row("memory", guardrails.memoryBytes, template.memoryBytes ?? defaults.memoryBytes, sizeWords),
    ...row("concurrency", guardrails.concurrency, template.concurrency ?? defaults.concurrency, String),
    ...row("instances", guardrails.instances, instancesOf(found), ({ min, max }) => `${min} to ${max}`),
    ...row("timeout", guardrails.timeoutMs, template.timeoutMs ?? defaults.timeoutMs, secondsWords),
    ...row("executionEnvironment", guardrails.executionEnvironment, environmentOf(found), String),
    ...row(
      "serviceAccount",
      guardrails.serviceAccount,
      template.serviceAccount ?? "the project's default account",
      String,
    ),
    ...row("ingress", guardrails.ingress, service.ingress ?? "all", String),
    ...row("secrets", guardrails.secrets, secretsIn(template.secrets), secretsWords),
    ...probeRows(guardrails, found),
  ];
}

function row<T>(
  setting: GuardedSetting,
  wanted: T | null,
  found: T | null,
  words: (value: T) => string,
): readonly Row[] {
  if (wanted === null) return [];
  const texts = { wanted: words(wanted), found: found === null ? "none" : words(found) };
  return texts.wanted === texts.found ? [] : [{ setting, ...texts }];
}

function gpuWords({ type, count }: Readonly<{ type: string; count: number }>): string {
  return `${count} × ${type}`;
}

/** The limits that hold: the service's own cap those of the revision (Cloud Run, "Minimum/Maximum instances"). */
function instancesOf({ settings, isWarmed }: Found): Readonly<{ min: number; max: number }> {
  const { template, service } = settings;
  const ownMin = isWarmed ? 0 : (service.instances.min ?? 0);
  const caps = [template.instances.max, service.instances.max].filter((max) => max !== null);
  return {
    min: Math.max(template.instances.min, ownMin),
    max: caps.length === 0 ? defaults.max : Math.min(...caps),
  };
}

/** A service with a GPU runs in the second generation, whether or not it says so (Cloud Run, "GPU support"). */
function environmentOf({ settings: { template } }: Found): string {
  return template.executionEnvironment ?? (template.gpu === null ? "chosen by Cloud Run" : "gen2");
}

function secretsIn(uses: readonly SecretUse[]): Readonly<Record<string, string>> {
  return Object.fromEntries(uses.map(({ at, secret, version }) => [at, `${secret}:${version}`]));
}

/** The secrets that guard rails name, as a service that they shape would use them. */
export function guardedSecrets({ secrets }: Guardrails): readonly SecretUse[] {
  return Object.entries(secrets ?? {}).map(([at, source]) => {
    const [secret = "", version = "latest"] = source.split(":");
    return { as: at.startsWith("/") ? "mount" : "env", at, secret, version };
  });
}

function secretsWords(secrets: Readonly<Record<string, string>>): string {
  const entries = Object.entries(secrets).map(([at, source]) => `${at}=${source}`);
  return entries.sort().join(", ") || "none";
}

function probeRows({ probes }: Guardrails, { settings: { template } }: Found): readonly Row[] {
  if (probes === null) return [];
  return probeNames.flatMap((name) =>
    row(
      "probes",
      probes[name] === null ? null : `${name} ${probes[name]}`,
      `${name} ${probeWords(template.probes[name])}`,
      String,
    ),
  );
}

/** A probe as `guardrails.probes` names it: what is asked, not how often. */
export function probeWords(probe: ProbeSettings | null): ProbeGuard {
  if (probe === null) return "none";
  return probe.kind === "http" ? `http ${probe.path ?? "/"}` : probe.kind;
}

/** Bytes in the largest unit that says them in a whole number, as Cloud Run writes them. */
export function sizeWords(bytes: number): string {
  const gib = 2 ** 30;
  const mib = 2 ** 20;
  if (bytes % gib === 0) return `${bytes / gib}Gi`;
  return bytes % mib === 0 ? `${bytes / mib}Mi` : `${bytes} bytes`;
}

/** Milliseconds in seconds. */
export function secondsWords(milliseconds: number): string {
  return `${milliseconds / 1000} s`;
}

/** Where a release would make a new service although its repository has one: what differs between the two. */
export function movedRows(wanted: ServiceIdentity, released: ServiceKey): readonly Row[] {
  const [project = "", region = "", name = ""] = released.split("/");
  return [
    ...row("project", project, wanted.project, String),
    ...row("region", region, wanted.region, String),
    ...row("name", name, wanted.name, String),
  ];
}

/** Which rows are refused, and which a person allowed. */
export function sortRows(
  rows: readonly Row[],
  allowance: ChangeAllowance | null,
): Readonly<{ refused: readonly Row[]; allowed: readonly Row[] }> {
  const isAllowed = ({ setting }: Row): boolean => allowance?.settings.includes(setting) === true;
  return { refused: rows.filter((one) => !isAllowed(one)), allowed: rows.filter(isAllowed) };
}

/** The settings of rows, each once, as `--allow-change` takes them. */
export function settingsOfRows(rows: readonly SettingRow[]): string {
  return [...new Set(rows.map(({ setting }) => setting))].join(",");
}

/** Rows in one sentence, for where no table fits. */
export function rowsInWords(rows: readonly SettingRow[]): string {
  return rows.map(({ setting, wanted, found }) => `${setting} is ${found}, not ${wanted}`).join("; ");
}

/** Rows as an aligned table of plain text; empty without rows. */
export function settingsTable(
  rows: readonly SettingRow[],
  [wanted, found]: readonly [string, string] = ["WANTED", "FOUND"],
): string {
  if (rows.length === 0) return "";
  const lines = [["SETTING", wanted, found], ...rows.map((one) => [one.setting, one.wanted, one.found])];
  const width = (column: number): number => Math.max(...lines.map((line) => (line[column] ?? "").length));
  const widths = [width(0), width(1)];
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
