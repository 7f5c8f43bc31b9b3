import { z } from "zod";
import type { Guardrails, WarmupConfig } from "../domain/release-config.ts";
import { quotedText } from "./names.ts";
import { daysField, hoursField, zoneField } from "./ranges.ts";
import { type Complaint, section } from "./section.ts";
import { durationField } from "./units.ts";

const minute = 60_000;
const hour = 60 * minute;

const holidayField = quotedText()
  .regex(/^\d{4}-\d{2}-\d{2}$/, { abort: true, error: "must be a date like `2026-12-25`" })
  .refine(isDate, { error: ({ input }) => `\`${String(input)}\` is no day of the calendar` });

/** When the live revision is kept warm. */
export const warmupField = section({
  days: daysField().prefault("mon..sun").describe("Days of the week: `mon..fri`, `sat`, or a list."),
  holidays: z
    .array(holidayField)
    .max(400)
    .default([])
    .describe('Dates in `zone` on which no window begins: `["2026-12-25"]`.'),
  hours: hoursField().describe('Hours of those days in `zone`, in quotes: `"09:00..21:00"`.'),
  zone: zoneField().describe("A time zone of the IANA database, such as `America/New_York`."),
  lead: durationField({ min: minute, max: 2 * hour })
    .prefault("10m")
    .describe("How long before the window the service is made warm."),
  mode: z
    .enum(["minInstances", "ping"])
    .default("minInstances")
    .describe("`minInstances`: set the minimum of the service. `ping`: send requests."),
  instances: z
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe("With `minInstances`: how many instances are kept ready."),
  path: z
    .string()
    .max(2048)
    .regex(/^\/(?!\/)[!-[\]-~]*$/, { error: "must be a path that begins with one `/`, without blanks" })
    .default("/health")
    .describe("With `ping`: the path of the GET requests."),
  every: durationField({ min: minute, max: hour })
    .prefault("5m")
    .describe("With `ping`: between two requests."),
})
  .transform(({ days, holidays, hours: { from, to }, zone, lead, mode, instances, path, every }) => ({
    ...{ days, holidays, from, to, zone, leadMs: lead },
    ...{ mode, instances, path, everyMs: every },
  }))
  .optional()
  .describe("Keep the live revision warm in business hours. Without it the service is not kept warm.");

function isDate(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

/** More instances can be kept ready by no means than the guard rail lets run. */
export function warmupComplaints(
  file: Readonly<{ guardrails: Guardrails; warmup?: WarmupConfig | undefined }>,
): readonly Complaint[] {
  const max = file.guardrails.instances?.max;
  const wanted = file.warmup?.instances;
  if (max === undefined || wanted === undefined || wanted <= max) return [];
  const message = `is more than the ${max} of \`guardrails.instances.max\``;
  return [{ path: ["warmup", "instances"], message }];
}
