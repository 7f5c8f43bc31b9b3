import type { GcloudCall } from "./gcloud-call.ts";
import type { ScriptFindingCode } from "./script-advice.ts";
import type { RawScriptFinding } from "./script-finding.ts";

/** A rule of one call: which flag it stands at (null = the call itself), and what it says; null = nothing is wrong. */
type FlagRule = Readonly<{
  code: ScriptFindingCode;
  flag: string | null;
  says: (call: GcloudCall) => string | null;
}>;

const textOf = ({ flags }: GcloudCall, name: string): string | null => flags.get(name)?.value ?? null;
const has = ({ flags }: GcloudCall, ...names: readonly string[]): boolean =>
  names.some((name) => flags.has(name));
const numberOf = (call: GcloudCall, name: string): number | null => {
  const value = Number.parseFloat(textOf(call, name) ?? "");
  return Number.isNaN(value) ? null : value;
};
const wantsGpu = (call: GcloudCall): boolean => has(call, "gpu-type") || (numberOf(call, "gpu") ?? 0) > 0;

const usualCpuQuota = 20; // vCPU of a region, in many projects
const startLimitSeconds = 240;

/** Rules of what makes a revision: `run deploy` and `run services update`. */
const templateRules: readonly FlagRule[] = [
  {
    code: "replaces-environment",
    flag: "set-env-vars",
    says: (call) => (has(call, "set-env-vars") ? "replaces every variable of the service" : null),
  },
  {
    code: "minimum-in-revision",
    flag: "min-instances",
    says: (call) =>
      has(call, "min-instances") ? "sets the minimum of instances in the revision, not in the service" : null,
  },
  {
    code: "one-request-an-instance",
    flag: "concurrency",
    says: (call) => {
      const max = numberOf(call, "max-instances") ?? numberOf(call, "max");
      if (numberOf(call, "concurrency") !== 1) return null;
      const limit = max === null ? "" : `: ${max} at a time, request ${max + 1} waits`;
      const idle = (numberOf(call, "min-instances") ?? numberOf(call, "min") ?? 0) === 0;
      return `serves one request an instance${limit}${idle ? ", and none is there when nobody came before" : ""}`;
    },
  },
  {
    code: "cpu-quota",
    flag: "max-instances",
    says: (call) => {
      const [cpu, max] = [numberOf(call, "cpu"), numberOf(call, "max-instances")];
      if (cpu === null || max === null || cpu * max <= usualCpuQuota) return null;
      return `${cpu} CPU times ${max} instances is ${cpu * max} vCPU, more than the usual ${usualCpuQuota}`;
    },
  },
  {
    code: "gpu-quota-shared",
    flag: "gpu",
    says: (call) => {
      const max = numberOf(call, "max-instances");
      if (!wantsGpu(call)) return null;
      return `needs up to ${max === null ? "twice its maximum of" : 2 * max} GPUs while old and new revision both live`;
    },
  },
  {
    code: "zonal-redundancy-unsaid",
    flag: "gpu",
    says: (call) =>
      wantsGpu(call) && !has(call, "gpu-zonal-redundancy", "no-gpu-zonal-redundancy")
        ? "asks for a GPU and says nothing of zonal redundancy"
        : null,
  },
  {
    code: "cpu-throttling-unsaid",
    flag: "gpu",
    says: (call) =>
      wantsGpu(call) && !has(call, "no-cpu-throttling")
        ? "asks for a GPU without CPU that is always allocated"
        : null,
  },
];

/** Rules of `run deploy` alone. */
const deployRules: readonly FlagRule[] = [
  {
    code: "takes-all-traffic",
    flag: null,
    says: (call) => (has(call, "no-traffic") ? null : "deploys straight into traffic"),
  },
  {
    code: "mutable-image",
    flag: "image",
    says: (call) => {
      const image = textOf(call, "image") ?? "";
      const isUnknown = /^(?:|\$\{?\w+\}?|\$\(.*\))$/s.test(image);
      return isUnknown || image.includes("@") ? null : `deploys \`${image}\`, a tag and no digest`;
    },
  },
  {
    code: "open-to-everybody",
    flag: "allow-unauthenticated",
    says: (call) =>
      has(call, "allow-unauthenticated")
        ? `lets everybody call ${wantsGpu(call) ? "a service with a GPU" : "the service"}`
        : null,
  },
  {
    code: "platform-is-default",
    flag: "platform",
    says: (call) => (textOf(call, "platform") === "managed" ? "is the default" : null),
  },
  {
    code: "timeout-is-of-requests",
    flag: "timeout",
    says: (call) => {
      const timeout = secondsOf(textOf(call, "timeout") ?? "");
      if (has(call, "startup-probe") || timeout <= startLimitSeconds) return null;
      return `gives a request ${timeout} s; the start of a container keeps its ${startLimitSeconds} s`;
    },
  },
  {
    code: "no-health-definition",
    flag: null,
    says: (call) =>
      has(call, "startup-probe", "liveness-probe") ? null : "deploys without a startup or liveness probe",
  },
];

/** What is wrong in a call of `gcloud run deploy` or `gcloud run services update`. */
export function runDeployFindings(call: GcloudCall): readonly RawScriptFinding[] {
  const rules = call.verb === "run deploy" ? [...deployRules, ...templateRules] : templateRules;
  return rules.flatMap(({ code, flag, says }) => {
    const message = says(call);
    const place = (flag === null ? undefined : call.flags.get(flag)?.word) ?? call.word;
    return message === null ? [] : [{ code, place, message }];
  });
}

/** `600s`, `600`, `10m` and `1h` in seconds; 0 for what is none of them. */
function secondsOf(text: string): number {
  const [, amount = "0", unit = "s"] = /^(\d+)([smh]?)$/.exec(text) ?? [];
  return Number(amount) * (unit === "h" ? 3600 : unit === "m" ? 60 : 1);
}
