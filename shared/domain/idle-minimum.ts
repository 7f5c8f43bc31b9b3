import { billedOf, rateOf } from "./cost-rate.ts";
import type { RevisionName } from "./ids.ts";
import type { Price } from "./prices.ts";
import type { RevisionSettings } from "./service-settings.ts";

/** A revision that the traffic of a service names, by a share, an entry of 0 %, or a tag. */
export type ReferencedRevision = Readonly<{
  revision: RevisionName;
  percent: number; // all its entries together
  tags: readonly string[];
  settings: RevisionSettings;
}>;

/** Instances that cost money while nobody uses them, and how to end it. */
export type IdleMinimum = Readonly<{
  revision: RevisionName;
  tags: readonly string[];
  minimum: number; // instances
  gpus: number; // of each
  usdPerHour: number | null; // null = a price is not known
  usdPerMonth: number | null; // of 730 hours
  message: string;
  next: string;
}>;

const hoursOfMonth = 730;

/**
 * Revisions without traffic whose own minimum runs: Cloud Run starts it for every revision that the traffic names, with a
 * tag or with 0 % (https://cloud.google.com/run/docs/configuring/min-instances).
 */
export function idleMinimums({
  referenced,
  service,
  region,
  prices,
}: Readonly<{
  referenced: readonly ReferencedRevision[];
  service: string; // its name
  region: string;
  prices: readonly Price[];
}>): readonly IdleMinimum[] {
  return referenced
    .filter(({ percent, settings }) => percent === 0 && settings.instances.min > 0)
    .map(({ revision, tags, settings }) => {
      const minimum = settings.instances.min;
      const rate = rateOf({ billed: billedOf(settings), use: "waiting", region, prices }).usdPerHour;
      const usdPerHour = rate === null ? null : rate * minimum;
      const usdPerMonth = usdPerHour === null ? null : usdPerHour * hoursOfMonth;
      const gpus = settings.gpu?.count ?? 0;
      const named =
        tags.length > 0 ? `the tag ${tags.map((tag) => `\`${tag}\``).join(", ")}` : "an entry of 0 %";
      const what = `${minimum} ${minimum === 1 ? "instance" : "instances"}${gpus > 0 ? " with a GPU" : ""}`;
      const cost =
        usdPerMonth === null
          ? "which costs money that cannot be reckoned without a price"
          : `about $${usdPerMonth.toFixed(0)} a month`;
      const message = `${revision} has no traffic, but ${named} keeps ${what} of it running: ${cost}.`;
      return {
        revision,
        tags,
        minimum,
        gpus,
        usdPerHour,
        usdPerMonth,
        message,
        next: wayOut(`${service} --region=${region}`, tags),
      };
    });
}

/** The tag of a candidate is Gantry's own: it goes when the release ends, and not before. */
function wayOut(service: string, tags: readonly string[]): string {
  const command = `gcloud run services update-traffic ${service}`;
  const others = tags.filter((tag) => !tag.startsWith("g-"));
  if (others.length > 0) return `${command} --remove-tags=${others.join(",")}`;
  if (tags.length > 0) return "gantry status, until its release ends: then Gantry takes the tag away";
  return `${command} --to-revisions=REVISION=100, with REVISION the one that serves`;
}
