import { z } from "zod";
import { quotedText } from "./names.ts";
import { type Complaint, listWithRule, section } from "./section.ts";
import { durationField, shareField, trafficField } from "./units.ts";

const hour = 3_600_000;
const minute = 60_000;
const day = 24 * hour;
const maxSteps = 20;

/** Whose yes a release needs. */
export const approvalField = section(
  {
    required: z
      .boolean()
      .optional()
      .describe("Ask before the first step. Default: true when `from` names somebody, else false."),
    from: z
      .array(
        quotedText().regex(/^@?[A-Za-z0-9._-]{1,80}$/, {
          error: "must be a user or a group like `@ml-oncall`",
        }),
      )
      .max(50)
      .default([])
      .describe("Who may approve: groups of the operator's policy, or users."),
    count: z.int().min(1).max(10).default(1).describe("How many different people must approve."),
    author: z.boolean().default(false).describe("Whether the author of the tag may approve."),
    expires: durationField({ min: minute, max: 7 * day })
      .prefault("4h")
      .describe("Unanswered for so long means no."),
  },
  [
    {
      needs: ["required", "from"],
      check: ({ required, from }) =>
        required === true && from.length === 0
          ? [{ path: ["required"], message: 'nobody could approve: name them in `from`, like `["@oncall"]`' }]
          : [],
    },
  ],
)
  .transform(({ required, from, count, author, expires }) => ({
    required: required ?? from.length > 0,
    from,
    count,
    authorMayApprove: author,
    expiresMs: expires,
  }))
  .prefault({})
  .describe("Whether a person must say yes before traffic moves.");

const stepField = section({
  traffic: trafficField().describe("The candidate's share of traffic, in whole percents."),
  hold: durationField({ max: day })
    .optional()
    .describe("How long to watch before the next step; none at 100%."),
});

const stepsField = listWithRule(
  z
    .array(stepField)
    .min(1, { error: "needs at least one step; the last one is `{ traffic: 100% }`" })
    .max(maxSteps, { error: `has more than ${maxSteps} steps` }),
  { needs: ["traffic", "hold"], check: stepComplaints },
).transform((steps) => steps.map(({ traffic, hold }) => ({ percent: traffic, holdMs: hold ?? 0 })));

type Step = Readonly<{ traffic: number; hold?: number | undefined }>;

function stepComplaints(steps: readonly Step[]): Complaint[] {
  const complaints = steps.flatMap((step, index): Complaint[] => {
    const before = steps[index - 1]?.traffic ?? 0;
    const rises = step.traffic > before;
    const rising = `must be more than the ${before}% of the step before`;
    return [
      ...(rises ? [] : [{ path: [index, "traffic"], message: rising }]),
      ...holdComplaints(step, index),
    ];
  });
  const last = steps[steps.length - 1];
  const ends = last === undefined || last.traffic === 100;
  const ending = `ends at ${last?.traffic}%: add \`{ traffic: 100% }\` as the last step`;
  return ends ? complaints : [...complaints, { path: [steps.length - 1], message: ending }];
}

function holdComplaints({ traffic, hold }: Step, index: number): Complaint[] {
  if (traffic < 100 && hold === undefined) {
    return [{ path: [index], message: "says no `hold`: write how long to watch it, like `hold: 10m`" }];
  }
  if (traffic === 100 && hold !== undefined) {
    return [
      {
        path: [index, "hold"],
        message: "does not belong to 100%; `rollout.bake` says how long it is watched",
      },
    ];
  }
  return [];
}

const watchField = section({
  every: durationField({ max: hour }).prefault("10s").describe("Time between two rounds of probes."),
  errors: section({
    max: shareField().prefault("1%").describe("The share of failed requests that is still fine."),
  })
    .prefault({})
    .describe("Failed requests."),
  latency: section({
    p95: durationField({ min: 1, max: hour })
      .optional()
      .describe("The 95th percentile may not be above this."),
    increase: shareField({ max: 999 })
      .optional()
      .describe("The 95th percentile may lie this much above stable's."),
  })
    .prefault({})
    .describe("Response times. Without limits they are not judged."),
})
  .transform(({ every, errors, latency }) => ({
    everyMs: every,
    maxErrorShare: errors.max,
    latencyP95Ms: latency.p95 ?? null,
    latencyIncrease: latency.increase ?? null,
  }))
  .prefault({})
  .describe("What is watched while a step holds, and while the release bakes.");

/** How traffic moves. */
export const rolloutField = section({
  steps: stepsField
    .prefault([{ traffic: "5%", hold: "10m" }, { traffic: "25%", hold: "10m" }, { traffic: "100%" }])
    .describe("Shares of traffic, rising, the last one 100%; at most 20."),
  watch: watchField,
  bake: durationField({ min: 0, max: 7 * day })
    .prefault("30m")
    .describe("How long to watch after 100%."),
  onFailure: z
    .enum(["rollback", "hold"])
    .default("rollback")
    .describe("`rollback`: restore stable at once. `hold`: stop where it is and wait for a person."),
})
  .transform(({ steps, watch, bake, onFailure }) => ({ steps, watch, bakeMs: bake, onFailure }))
  .prefault({})
  .describe("How traffic moves to the candidate.");
