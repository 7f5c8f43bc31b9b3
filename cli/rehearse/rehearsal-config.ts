import type { DemoOptions } from "../../emulator/git/demo-repository.ts";
import type { Setting } from "./scenario.ts";

/** The checks of the example. Nothing waits for their limits but a candidate that hangs. */
export function verifyWithin(within: string) {
  return {
    within: "15s",
    checks: [
      { name: "health", get: "/health", status: 200, within },
      { name: "model", get: "/model-info", status: 200, within },
      { name: "storage", post: "/api/storage/upload", status: 422, within },
    ],
  };
}

/** The demo without a GPU, so that users and probes share an instance and start in no time. */
const guardrails = { cpu: 1, memory: "512Mi", concurrency: 8, instances: { min: 0, max: 3 }, timeout: "60s" };

/** One GPU an instance, and one instance a revision: what is left of three GPUs is the candidate's. */
export const gpuGuardrails = {
  gpu: { type: "nvidia-l4", count: 1 },
  cpu: 8,
  memory: "32Gi",
  concurrency: 1,
  instances: { min: 0, max: 1 },
  timeout: "600s",
};

/** The shortest limits that `gantry.yaml` takes. */
export const hastyVerify = verifyWithin("1s");

const rollout = {
  steps: [{ traffic: "20%", hold: "1s" }, { traffic: "100%" }],
  watch: { every: "1s", errors: { max: "1%" } },
  bake: "300ms",
  onFailure: "rollback",
};

/** A rollout that is still on its first step when a person or a fault strikes. */
export const slowRollout = {
  ...rollout,
  steps: [{ traffic: "20%", hold: "10s" }, { traffic: "100%" }],
};

/** One of those on call has to say yes. */
export const asking = { required: true, from: ["@ml-oncall"], count: 1, author: false, expires: "4h" };

/** The demo in its quickest form; what a scenario sets comes on top. `v1.6.0` goes bad at its fourth user. */
export function rehearsalConfig({ config = {} }: Setting): Pick<DemoOptions, "config" | "goesBad"> {
  return {
    config: { guardrails, verify: verifyWithin("4s"), rollout, ...config },
    goesBad: { afterSeconds: 600, afterRequests: 3 },
  };
}
