import { z } from "zod";

const basis = z.enum(["measured", "estimated", "computed", "unknown"]);
const counted = z.looseObject({ count: z.number().nullable(), basis, why: z.string() });

/** What the CLI reads of a bill. Fields that it does not know are kept, so that `--json` shows them. */
export const costShape = z.looseObject({
  service: z.string(),
  days: z.number(),
  billing: z.enum(["instance", "request"]),
  rate: z.looseObject({
    usdPerHour: z.number().nullable(),
    parts: z.array(
      z.looseObject({
        sku: z.string(),
        quantity: z.number(),
        unit: z.string(),
        usd: z.number(),
        date: z.string(),
        source: z.string(),
      }),
    ),
    missing: z.array(z.string()),
  }),
  warmHours: z.number(),
  modes: z.array(
    z.looseObject({
      mode: z.enum(["always-on", "warm-window", "ping", "scale-to-zero"]),
      isNow: z.boolean(),
      usd: z.number().nullable(),
      hours: z.number().nullable(),
      basis,
      why: z.string(),
    }),
  ),
  spent: z.looseObject({ usd: z.number().nullable(), hours: z.number().nullable(), basis, why: z.string() }),
  coldStarts: z.looseObject({ seen: counted, avoided: counted }),
  idleMinimums: z.array(z.looseObject({ revision: z.string(), message: z.string(), next: z.string() })),
  notCounted: z.array(z.string()),
  unread: z.array(z.string()),
});

export type ShownCost = z.infer<typeof costShape>;
