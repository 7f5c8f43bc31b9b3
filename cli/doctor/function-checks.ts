import { z } from "zod";
import { type FunctionName, functionNames, functionParts } from "../../shared/install/google-parts.ts";
import { accountOf } from "../../shared/install/grants.ts";
import { installedRuntime, runtimeState } from "../../shared/install/node-runtimes.ts";
import { type Finding, findings, unanswered } from "./finding.ts";
import type { GoogleApi } from "./google-api.ts";
import { opennessOf } from "./openness.ts";
import type { Target } from "./target.ts";

const functionShape = z.object({
  name: z.string(),
  state: z.string().optional(),
  stateMessages: z.array(z.object({ message: z.string().default("") })).default([]),
  buildConfig: z.object({ runtime: z.string().optional() }).default({}),
  serviceConfig: z
    .object({
      serviceAccountEmail: z.string().optional(),
      ingressSettings: z.string().optional(),
      timeoutSeconds: z.number().optional(),
    })
    .default({}),
});

type Installed = z.output<typeof functionShape>;

const functionsShape = z.object({ functions: z.array(functionShape).default([]) });

/** Each function: there, running, on a runtime that lives, as its own account, and closed to the world. */
export async function checkFunctions(api: GoogleApi, target: Target): Promise<readonly Finding[]> {
  const { project, region } = target;
  const url = `cloudfunctions.googleapis.com/v2/projects/${project}/locations/${region}/functions?pageSize=100`;
  const answer = await api.get(url, functionsShape);
  if (!answer.ok) return [unanswered("functions", "the functions", answer, project)];
  const found = new Map(answer.value.functions.map((one) => [one.name.split("/").at(-1) ?? "", one]));
  const wrong = functionNames.flatMap((name) => judged(name, found.get(`gantry-${name}`), target));
  const open = await Promise.all(functionNames.map((name) => opennessOf(api, name, target)));
  const all = [...wrong, ...open.flat()];
  return all.length > 0
    ? all
    : [findings("functions").ok(`all ${functionNames.length} functions run, each as itself`)];
}

function judged(name: FunctionName, found: Installed | undefined, target: Target): readonly Finding[] {
  const { broken } = findings("functions");
  const { project, region } = target;
  if (found === undefined)
    return [
      broken(
        `the function gantry-${name} is not in ${region}`,
        "What it should do is not done.",
        "terraform apply",
      ),
    ];
  return [
    stateFinding(name, found, target),
    runtimeFinding(name, found.buildConfig.runtime ?? "unknown", target.today),
    ...configFindings(name, found, project),
  ].filter((one) => one !== null);
}

function stateFinding(name: FunctionName, { state, stateMessages }: Installed, of: Target): Finding | null {
  if (state === "ACTIVE") return null;
  const means = stateMessages.map(({ message }) => message).join(" ") || "It takes no messages.";
  const look = `gcloud functions describe gantry-${name} --region ${of.region} --project ${of.project}`;
  return findings("functions").broken(`gantry-${name} is ${state ?? "in no state"}`, means, look);
}

function configFindings(
  name: FunctionName,
  { serviceConfig }: Installed,
  project: string,
): readonly (Finding | null)[] {
  const { broken, warning } = findings("functions");
  const { serviceAccountEmail, ingressSettings, timeoutSeconds = 60 } = serviceConfig;
  const account = accountOf(name, project);
  return [
    serviceAccountEmail === account
      ? null
      : broken(
          `gantry-${name} runs as ${serviceAccountEmail ?? "nobody"}`,
          `It has rights that are not its own; it should run as ${account}.`,
          "terraform apply",
        ),
    ingressSettings === "ALLOW_INTERNAL_ONLY"
      ? null
      : warning(
          `gantry-${name} can be reached from the internet`,
          "Only its token keeps strangers out.",
          "terraform apply",
        ),
    timeoutSeconds >= functionParts[name].timeoutSeconds
      ? null
      : broken(
          `gantry-${name} may run for only ${timeoutSeconds} s, not ${functionParts[name].timeoutSeconds}`,
          "Google ends it in the middle of its work, which another call then begins anew.",
          "terraform apply",
        ),
  ];
}

/** A retired runtime takes no update: the day that Gantry must be upgraded in a hurry is not the day to learn it. */
export function runtimeFinding(name: string, runtime: string, today: string): Finding | null {
  const { broken, warning } = findings("runtime");
  const state = runtimeState(runtime, today);
  const repair = `set the runtime to ${installedRuntime} and run: terraform apply`;
  if (state === null)
    return warning(
      `gantry-${name} runs on ${runtime}, of which nothing is known here`,
      "Whether Google still supports it is to be looked up.",
      repair,
    );
  if (state.state === "retired")
    return broken(
      `gantry-${name} runs on ${runtime}, retired on ${state.until}`,
      "It can no longer be updated, and may be switched off.",
      repair,
    );
  if (state.state === "deprecated")
    return warning(
      `gantry-${name} runs on ${runtime}, which ends on ${state.until}`,
      "After that day it can no longer be updated.",
      repair,
    );
  return null;
}
