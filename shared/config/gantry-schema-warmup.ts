import { z } from "zod";
import { daysField, hoursField, zoneField } from "./ranges.ts";
import { section } from "./section.ts";

/** When the live revision is kept warm. */
export const warmupField = section({
  days: daysField().prefault("mon..sun").describe("Days of the week: `mon..fri`, `sat`, or a list."),
  hours: hoursField().describe('Hours of those days in `zone`, in quotes: `"09:00..21:00"`.'),
  zone: zoneField().describe("A time zone of the IANA database, such as `America/New_York`."),
  mode: z
    .enum(["minInstances", "ping"])
    .default("minInstances")
    .describe("`minInstances`: set the minimum of the service. `ping`: send requests."),
})
  .transform(({ days, hours: { from, to }, zone, mode }) => ({ days, from, to, zone, mode }))
  .optional()
  .describe("Keep the live revision warm in business hours. Without it the service is not kept warm.");
