import { z } from "zod";
import { type Finding, findings } from "./finding.ts";
import type { GoogleApi } from "./google-api.ts";
import { policyOf } from "./granted-rights.ts";
import type { Target } from "./target.ts";

const serviceShape = z.object({ iapEnabled: z.boolean().default(false) });

const { broken, warning } = findings("front-doors");

/**
 * Identity-Aware Proxy stands before the console's own service, where there is one, and never before the one that GitHub and
 * Slack call. What cannot be read is left out: that the address does not answer is said elsewhere.
 */
export async function checkFrontDoors(
  api: GoogleApi,
  { project, region }: Target,
): Promise<readonly Finding[]> {
  const at = `--region ${region} --project ${project}`;
  const read = (name: string) =>
    api.get(`run.googleapis.com/v2/projects/${project}/locations/${region}/services/${name}`, serviceShape);
  const [hooks, people] = await Promise.all([read("gantry"), read("gantry-console")]);
  const isShut = hooks.ok && hooks.value.iapEnabled;
  const isBare = people.ok && !people.value.iapEnabled;
  return [
    ...(isShut
      ? [
          broken(
            "Identity-Aware Proxy stands before gantry",
            "GitHub and Slack cannot pass it: no webhook and no click arrives. People have gantry-console (`console = true`).",
            `gcloud beta run services update gantry ${at} --no-iap`,
          ),
        ]
      : []),
    ...(isBare
      ? [
          broken(
            "Identity-Aware Proxy does not stand before gantry-console",
            "Nobody is let in by it. An apply of the module that changes the service may switch it off.",
            `gcloud beta run services update gantry-console ${at} --iap`,
          ),
        ]
      : []),
    ...(people.ok ? await openConsole(api, { project, region, at }) : []),
  ];
}

async function openConsole(
  api: GoogleApi,
  { project, region, at }: Readonly<{ project: string; region: string; at: string }>,
): Promise<readonly Finding[]> {
  const policy = await policyOf(api, { type: "run-service", project, region, name: "gantry-console" });
  const isOpen = policy.ok && policy.value.bindings.some(({ members }) => members.includes("allUsers"));
  if (!isOpen) return [];
  return [
    warning(
      "gantry-console is open to everybody",
      "Its own sign-in still asks; but who switches the proxy off opens it to the internet.",
      `gcloud run services remove-iam-policy-binding gantry-console ${at} --member=allUsers --role=roles/run.invoker`,
    ),
  ];
}
