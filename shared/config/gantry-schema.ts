import { z } from "zod";
import { contradictions, guardrailsField } from "./gantry-schema-guardrails.ts";
import { approvalField, rolloutField } from "./gantry-schema-rollout.ts";
import { buildField, runtimeField, serviceField, sourceField } from "./gantry-schema-service.ts";
import { verifyField } from "./gantry-schema-verify.ts";
import { warmupComplaints, warmupField } from "./gantry-schema-warmup.ts";
import { textOf } from "./names.ts";
import { section } from "./section.ts";

const slackField = textOf(
  /^(?:#[^\s#@,]{1,80}|[CG][A-Z0-9]{8,20})$/,
  "a Slack channel like `#deploys`, or its id",
)
  .optional()
  .describe("The channel that hears of releases. Without it nothing is posted.");

/**
 * `gantry.yaml`, version 1, as it is written. Its output is the release config with every default filled in and
 * every unit converted.
 */
export const gantryFileSchema = section(
  {
    version: z.literal(1).default(1).describe("The version of this format."),
    service: serviceField,
    source: sourceField,
    build: buildField,
    guardrails: guardrailsField,
    runtime: runtimeField,
    verify: verifyField,
    approval: approvalField,
    rollout: rolloutField,
    warmup: warmupField,
    notify: section({ slack: slackField })
      .transform(({ slack }) => ({ slack: slack ?? null }))
      .prefault({})
      .describe("Where people hear of releases."),
  },
  [
    { needs: ["guardrails", "warmup"], check: warmupComplaints },
    { needs: ["guardrails", "runtime"], check: contradictions },
  ],
);
