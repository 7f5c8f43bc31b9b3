import { probeWords, type SettingRow, secondsWords, sizeWords } from "./guardrails.ts";
import {
  type ProbeName,
  type ProbeSettings,
  probeNames,
  type RevisionSettings,
  type ServiceSettings,
  startupBudgetMs,
} from "./service-settings.ts";

type Words = Readonly<Record<string, string>>;

const absent = "none";

/** Every setting by name, in words that a table can show; a variable's value is never among them. */
function settingsWords({ template, service }: ServiceSettings): Words {
  return {
    image: template.image,
    gpu: template.gpu === null ? absent : `${template.gpu.count} × ${template.gpu.type}`,
    zonalRedundancy: onOff(template.gpu !== null && template.zonalRedundancy),
    cpu: given(template.cpu, (cpu) => `${cpu} vCPU`),
    memory: given(template.memoryBytes, sizeWords),
    cpuAlwaysAllocated: onOff(template.cpuAlwaysAllocated),
    startupCpuBoost: onOff(template.startupCpuBoost),
    concurrency: given(template.concurrency, String),
    revisionInstances: `${template.instances.min} to ${given(template.instances.max, String)}`,
    timeout: given(template.timeoutMs, secondsWords),
    executionEnvironment: given(template.executionEnvironment, String),
    serviceAccount: given(template.serviceAccount, String),
    port: given(template.port, String),
    network: networkWords(template),
    minInstances: given(service.instances.min, String),
    maxInstances: given(service.instances.max, String),
    manualInstances: given(service.manualInstances, String),
    ingress: given(service.ingress, String),
    ...Object.fromEntries(probeNames.map((name) => [`${name} probe`, probeInFull(template.probes, name)])),
    ...Object.fromEntries(
      template.secrets.map((use) => [`secret ${use.at}`, `${use.secret}:${use.version}`]),
    ),
    ...Object.fromEntries(template.sidecars.map(({ name, image }) => [`container ${name}`, image])),
  };
}

function given<T>(value: T | null, words: (value: T) => string): string {
  return value === null ? "not set" : words(value);
}

function onOff(value: boolean): string {
  return value ? "on" : "off";
}

function networkWords({ network }: RevisionSettings): string {
  if (network === null) return absent;
  const parts = [network.connector, network.egress, ...network.interfaces].filter((part) => part !== null);
  return parts.join(" ");
}

function probeInFull(probes: RevisionSettings["probes"], name: ProbeName): string {
  const probe = probes[name];
  return probe === null ? absent : `${probeWords(probe)}${paceWords(probe)}`;
}

function paceWords(probe: ProbeSettings): string {
  return ` every ${secondsWords(probe.periodMs)}, ${secondsWords(startupBudgetMs(probe))} in all`;
}

/** What is not as it was, as a table of before and now. `ignored`: settings that are somebody else's to change. */
export function changedRows(
  before: ServiceSettings,
  now: ServiceSettings,
  ignored: readonly string[] = [],
): readonly SettingRow[] {
  const [was, is] = [settingsWords(before), settingsWords(now)];
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const rows = names
    .filter((name) => was[name] !== is[name] && !ignored.includes(name))
    .map((setting) => ({ setting, wanted: was[setting] ?? absent, found: is[setting] ?? absent }));
  return [...rows, ...variableRows(before.template, now.template)];
}

/** A variable's value may be private, so only that it changed is told. */
function variableRows(before: RevisionSettings, now: RevisionSettings): readonly SettingRow[] {
  const was = new Map(before.env.map(({ name, digest }) => [name, digest]));
  const is = new Map(now.env.map(({ name, digest }) => [name, digest]));
  const names = [...new Set([...was.keys(), ...is.keys()])].sort();
  return names
    .filter((name) => was.get(name) !== is.get(name))
    .map((name) => ({
      setting: `env ${name}`,
      wanted: was.has(name) ? "as it was" : absent,
      found: is.has(name) ? (was.has(name) ? "another value" : "added") : "removed",
    }));
}
