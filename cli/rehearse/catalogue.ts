import type { Scenario } from "./scenario.ts";
import { buildFailureScenarios } from "./scenarios/build-failures.ts";
import { buildScenarios } from "./scenarios/builds.ts";
import { candidateScenarios } from "./scenarios/candidates.ts";
import { approvalScenarios } from "./scenarios/chat-approvals.ts";
import { outageScenarios } from "./scenarios/chat-outages.ts";
import { staleDecisionScenarios } from "./scenarios/chat-stale-decisions.ts";
import { goodReleases } from "./scenarios/good-releases.ts";
import { gpuGateScenarios } from "./scenarios/gpu-gate.ts";
import { guardRailScenarios } from "./scenarios/guard-rails.ts";
import { killScenarios } from "./scenarios/kills.ts";
import { lostTagScenarios } from "./scenarios/lost-tags.ts";
import { peopleScenarios } from "./scenarios/people.ts";
import { prebuiltScenarios } from "./scenarios/prebuilt-images.ts";
import { rolloutScenarios } from "./scenarios/rollouts.ts";
import { warmupScenarios } from "./scenarios/warmups.ts";

/** Every scenario, in the order in which they are listed and played. */
export const scenarios: readonly Scenario[] = [
  ...goodReleases,
  ...buildScenarios,
  ...buildFailureScenarios,
  ...prebuiltScenarios,
  ...candidateScenarios,
  ...guardRailScenarios,
  ...gpuGateScenarios,
  ...rolloutScenarios,
  ...peopleScenarios,
  ...lostTagScenarios,
  ...warmupScenarios,
  ...approvalScenarios,
  ...staleDecisionScenarios,
  ...outageScenarios,
  ...killScenarios,
];
