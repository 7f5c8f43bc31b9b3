import { z } from "zod";
import type { FreezeWindow } from "../domain/policy.ts";
import { skuNames, unitOf } from "../domain/prices.ts";
import { quotedText, textOf } from "./names.ts";
import { daysField, hoursField, zoneField } from "./ranges.ts";
import { listWithRule, section } from "./section.ts";
import { durationField, shareField, trafficField } from "./units.ts";

const day = 86_400_000;

const servicesField = () =>
  z.array(
    textOf(
      /^(?:\*\*|[a-z0-9.:*-]+\/(?:\*\*|[a-z0-9*-]+\/[a-z0-9*-]+))$/,
      "a service like `project/region/name`; `*` stands for any text without a slash, `**` for every service",
    ),
  );

const mailPattern = /^[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,190}$/;

const visitorsField = () =>
  z
    .array(
      textOf(
        /^(?:[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}|(?:\*|[A-Za-z0-9._%+'-]{1,64})@[A-Za-z0-9.-]{1,190})$/,
        "a name under `people`, a mail address, or `*@example.com` for everybody whose account the domain's Google Workspace keeps",
      ),
    )
    .max(1000)
    .default([]);

const accessField = section({
  viewers: visitorsField().describe("They may read everything."),
  operators: visitorsField().describe("They may also decide and change."),
})
  .prefault({})
  .describe(
    "Who may use API and console when Google signed them in; `*@example.com` names the accounts that the domain's Google Workspace keeps, no personal ones. Who is not named may nothing.",
  );

const repositoryRule = section({
  repository: textOf(
    /^[A-Za-z0-9*-]+\/[A-Za-z0-9._*-]+$/,
    "a repository like `owner/name`; `*` stands for any text without a slash",
  ).describe("A repository on GitHub, `owner/name`; `acme/*` is every repository of acme."),
  services: servicesField()
    .min(1, { error: "names no service, so the repository could release nothing" })
    .describe("The services that it may release, `project/region/name`."),
  branches: z
    .array(textOf(/^[A-Za-z0-9][A-Za-z0-9._/*+-]{0,200}$/, "the name of a branch"))
    .min(1)
    .optional()
    .describe("A tag counts only when its commit lies on one of these branches. Without it: on any."),
  accounts: z
    .array(
      textOf(
        /^(?:\*\*|[a-z0-9.*-]+@[a-z0-9.*-]+)$/,
        "the mail address of a service account; `*` stands for any text, `**` alone for every account",
      ),
    )
    .default([])
    .describe(
      "The service accounts that `gantry.yaml` may let these services run as. Without it: only the one that a service runs as already.",
    ),
}).transform((rule) => ({ ...rule, branches: rule.branches ?? null }));

const limitsField = section({
  maxFirstStep: trafficField().optional().describe("The largest share that the first step may have."),
  minHold: durationField({ max: day }).optional().describe("The shortest hold of a step below 100%."),
  minBake: durationField({ max: 7 * day })
    .optional()
    .describe("The shortest bake."),
  maxErrors: shareField().optional().describe("The highest `rollout.watch.errors.max` that is allowed."),
  requireApproval: servicesField().default([]).describe("Services that are never released without approval."),
  minApprovals: z
    .int()
    .min(1)
    .max(10)
    .optional()
    .describe("The fewest approvals, wherever approval is asked for."),
  authorMayApprove: z.boolean().default(true).describe("`false`: nobody approves a release of their own."),
  requireChecks: z.boolean().default(false).describe("`true`: a gate without HTTP checks is refused."),
  requireRollback: z.boolean().default(false).describe("`true`: `rollout.onFailure` must be `rollback`."),
})
  .transform(({ maxFirstStep, minHold, minBake, maxErrors, minApprovals, ...rest }) => ({
    ...rest,
    maxFirstStepPercent: maxFirstStep ?? null,
    minHoldMs: minHold ?? null,
    minBakeMs: minBake ?? null,
    maxErrorShare: maxErrors ?? null,
    minApprovals: minApprovals ?? null,
  }))
  .prefault({})
  .describe("What no `gantry.yaml` can loosen.");

const momentField = () =>
  textOf(
    /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]):[0-5]\d)?$/,
    "a day like `2026-11-27`, or a minute like `2026-11-27T18:00`",
  ).refine(
    (text) => !Number.isNaN(Date.parse(`${text.slice(0, 10)}T00:00:00Z`)) && isDay(text.slice(0, 10)),
    {
      error: "is no day of the calendar",
    },
  );

function isDay(text: string): boolean {
  return new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);
}

const freezeField = section(
  {
    name: quotedText().min(1).max(80).describe("What people call it."),
    zone: zoneField().describe("A time zone of the IANA database."),
    services: servicesField().min(1).default(["**"]).describe("The services that it holds for."),
    days: daysField().optional().describe("Every week on these days: `fri`, `sat..sun`, or a list."),
    hours: hoursField()
      .optional()
      .describe('Hours of those days, `"16:00..23:00"`. Without it: the whole day.'),
    from: momentField().optional().describe("Once: the first day, or the first minute, that is frozen."),
    to: momentField().optional().describe("Once: the last day that is frozen, or the minute when it ends."),
  },
  [
    {
      needs: [],
      check: ({ days, hours, from, to }) => {
        const weekly = days !== undefined;
        const once = from !== undefined && to !== undefined;
        const mixed = weekly && (from !== undefined || to !== undefined);
        if (!mixed && (weekly || (once && hours === undefined))) return [];
        return [{ path: [], message: "needs either `days`, with or without `hours`, or `from` and `to`" }];
      },
    },
    {
      needs: ["from", "to"],
      check: ({ from, to }) =>
        from === undefined || to === undefined || startOf(from) < endOf(to)
          ? []
          : [{ path: ["to"], message: "must lie after `from`" }],
    },
  ],
).transform(({ name, zone, services, days, hours, from, to }): FreezeWindow => {
  const common = { name, zone, services };
  if (days !== undefined) return { kind: "weekly", ...common, days, hours: hours ?? null };
  return { kind: "once", ...common, from: startOf(from ?? ""), to: endOf(to ?? "") };
});

function startOf(moment: string): string {
  return moment.includes("T") ? moment : `${moment}T00:00`;
}

/** A day ends when the next one begins. */
function endOf(moment: string): string {
  if (moment.includes("T")) return moment;
  const next = new Date(Date.parse(`${moment}T00:00:00Z`) + day);
  return Number.isNaN(next.getTime()) ? moment : next.toISOString().slice(0, 16);
}

const priceField = section({
  sku: quotedText()
    .refine((sku) => unitOf(sku) !== null, {
      error: `must be one of ${skuNames.join(", ")}, or a GPU: \`gpu-nvidia-l4\` without, \`gpu-nvidia-l4-zonal\` with zonal redundancy`,
    })
    .describe(
      `What is priced: ${skuNames.map((sku) => `\`${sku}\``).join(", ")}, \`gpu-TYPE\` or \`gpu-TYPE-zonal\`.`,
    ),
  region: textOf(/^[a-z]+-[a-z]+\d+$/, "a region like `us-central1`").describe("Where it is paid."),
  usd: z
    .number()
    .min(0)
    .max(1000)
    .describe("US dollars for one second of one vCPU, GiB or GPU, or for one request."),
  date: textOf(/^\d{4}-\d{2}-\d{2}$/, "a date like `2026-11-01`").describe("When the price was read."),
  source: quotedText().min(1).max(300).default("gantry.policy.yaml").describe("Where the price stands."),
});

/** `gantry.policy.yaml`, version 1, as it is written. Its output is the policy. */
export const policyFileSchema = section({
  version: z.literal(1).default(1).describe("The version of this format."),
  repositories: z
    .array(repositoryRule)
    .max(1000)
    .describe("Which repositories may release which services. What is not listed is refused."),
  approvers: z
    .record(
      textOf(/^@[A-Za-z0-9._-]{1,80}$/, "a group like `@ml-oncall`"),
      z
        .array(
          quotedText().regex(/^[A-Za-z0-9._@-]{1,100}$/, {
            error: "must be the id of a person, like `U024BE7LH`",
          }),
        )
        .min(1),
    )
    .default({})
    .describe("The groups that `approval.from` names: their people, by Slack user id."),
  people: z
    .record(
      textOf(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}$/, "a name like `robin`"),
      section({
        github: z
          .array(textOf(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:\[bot\])?$/, "a login on GitHub"))
          .default([])
          .describe("Logins on GitHub."),
        slack: z
          .array(textOf(/^[UW][A-Z0-9]{1,30}$/, "the id of a user in Slack, like `U024BE7LH`"))
          .default([])
          .describe("User ids in Slack."),
        google: z
          .array(textOf(mailPattern, "a mail address like `robin@example.com`"))
          .default([])
          .describe("Mail addresses that they sign in to Google with."),
      }),
    )
    .default({})
    .describe(
      "Who is who: one name for one person, so that nobody approves a release of their own under another.",
    ),
  access: accessField,
  limits: limitsField,
  images: z
    .array(
      textOf(
        /^[A-Za-z0-9*][A-Za-z0-9.:*-]*\/[a-z0-9._/*-]+$/,
        "the name of images, with their registry, like `us-docker.pkg.dev/acme/**`",
      ),
    )
    .nullable()
    .default(null)
    .describe(
      "Where images that `gantry deploy --image` names may come from; `*` stands for any text without a slash, `**` for any text. Without it: from the repository that the service's own builds push to.",
    ),
  freezes: listWithRule(z.array(freezeField).max(200), {
    needs: ["name"],
    check: (freezes) =>
      freezes.flatMap(({ name }, index) => {
        const first = freezes.findIndex((freeze) => freeze.name === name);
        const message = `\`${name}\` is the name of \`freezes[${first}]\` already`;
        return first === index ? [] : [{ path: [index, "name"], message }];
      }),
  })
    .default([])
    .describe("Windows in which nothing new is released. A rollback always may run."),
  prices: z
    .array(priceField)
    .max(1000)
    .default([])
    .describe(
      "Prices for `gantry cost`, before Gantry's own table: regions, GPUs and contracts that it does not know.",
    ),
});
