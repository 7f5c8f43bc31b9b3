import type { ReleaseId } from "../../../shared/domain/ids.ts";
import { pushEditedTag } from "../edited-tag.ts";
import { gpuGuardrails, verifyWithin } from "../rehearsal-config.ts";
import type { Scenario } from "../scenario.ts";
import type { Stage } from "../stage.ts";

/** That the gate failed for this reason and for no other. */
function failedOnly(name: string, words: RegExp): NonNullable<Scenario["check"]> {
  return (stage, releases) => {
    const failed = releases
      .flatMap((id) => stage.trail.of(id))
      .flatMap((event) => (event.type === "gate-failed" ? event.checks : []))
      .filter(({ verdict }) => verdict === "fail");
    const [first, ...others] = failed;
    if (first === undefined) return [`the gate did not fail at "${name}"`];
    const wrong = others.length > 0 || first.name !== name || !words.test(first.measured);
    const told = failed.map((check) => `${check.name}: ${check.measured} (${check.limit})`).join("; ");
    return wrong ? [`the gate should have failed at "${name}" only, but said ${told}`] : [];
  };
}

async function untilFailed(stage: Stage, releases: readonly ReleaseId[]): Promise<readonly ReleaseId[]> {
  for (const id of releases) await stage.ended(id, "release-failed");
  return releases;
}

/** What only the instance itself, its metrics and its revision tell. */
export const gpuGateScenarios: readonly Scenario[] = [
  {
    name: "memory-above-80-percent",
    story:
      "The candidate answers well, but its model fills nearly all of its memory: Cloud Monitoring shows it, and the gate stops it at 0 %.",
    expected: "failed",
    live: "stable",
    setting: { config: { verify: { ...verifyWithin("4s"), memory: { below: "80%" } } } },
    play: async (stage) =>
      untilFailed(
        stage,
        await pushEditedTag(stage, {
          tag: "v1.20.0",
          of: "v1.1.0",
          file: "settings.mjs",
          from: "MODEL_MEMORY_MIB ?? 8",
          to: "MODEL_MEMORY_MIB ?? 420",
        }),
      ),
    check: failedOnly("memory", /% at the most/),
  },
  {
    name: "gpu-not-allocated",
    story:
      "The candidate's instance comes up without its GPU and computes on the CPU, slowly and without an error: the gate sees the contradiction.",
    expected: "failed",
    live: "stable",
    setting: {
      config: { guardrails: gpuGuardrails, verify: { ...verifyWithin("4s"), gpu: "allocated" } },
    },
    play: async (stage) => {
      stage.cloud.run.faults.set({ name: "gpu-not-allocated" });
      return untilFailed(stage, await stage.push("v1.1.0"));
    },
    check: failedOnly("gpu", /device: cpu/),
  },
  {
    name: "cold-start-too-slow",
    story:
      "The candidate loads its model for longer than its users may wait for a new instance: the gate measures its first start and stops it at 0 %.",
    expected: "failed",
    live: "stable",
    setting: { config: { verify: { ...verifyWithin("4s"), coldStart: { within: "2s" } } } },
    play: async (stage) =>
      untilFailed(
        stage,
        await pushEditedTag(stage, {
          tag: "v1.20.0",
          of: "v1.1.0",
          file: "settings.mjs",
          from: "MODEL_LOAD_SECONDS ?? 0",
          to: "MODEL_LOAD_SECONDS ?? 3",
        }),
      ),
    check: failedOnly("cold start", /the first instance started in 3/),
  },
];
