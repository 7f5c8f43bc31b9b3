import type { Finding } from "./finding.ts";
import type { RevisionName } from "./ids.ts";
import { type ReleaseConfig, serviceKeyOf } from "./release-config.ts";
import { describeSplit, isSameSplit, type Split, soleRevision } from "./traffic.ts";

/** A service's traffic at one moment, as far as a release has to know it. */
export type TrafficNow = Readonly<{
  wished: Split; // what was asked for
  served: Split; // what requests meet
  followsLatest: boolean; // the next plain deploy would take the traffic
  /** Revisions that were asked for, get nothing, and are an earlier release's of Gantry's. */
  remnants: readonly RevisionName[];
  failed: string | null; // Cloud Run's word where it could not carry out what was asked for
}>;

/** What the traffic means for a release: whether there is ONE stable revision, and what Gantry will do with it. */
export function trafficFindings(config: ReleaseConfig, traffic: TrafficNow): readonly Finding[] {
  const key = serviceKeyOf(config.service);
  const stable = soleRevision(traffic.served);
  if (stable === null) return [split(key, traffic)];
  if (!isSameSplit(traffic.wished, traffic.served)) return unmet(config, traffic, stable);
  return [traffic.followsLatest ? onLatest(stable) : pinned(stable)];
}

function split(key: string, { served }: TrafficNow): Finding {
  return {
    severity: "stops",
    code: "traffic-split",
    message: `No single revision serves all traffic (${describeSplit(served)}), so there would be no stable one to return to.`,
    next: `gantry rollback ${key} --to REVISION --direct`,
  };
}

function unmet(
  { service }: ReleaseConfig,
  { wished, failed, remnants }: TrafficNow,
  stable: RevisionName,
): readonly Finding[] {
  if (failed === null) return [];
  const strangers = wished.filter(({ revision }) => revision !== stable && !remnants.includes(revision));
  if (strangers.length === 0)
    return [
      {
        severity: "notes",
        code: "traffic-remnant",
        message: `The traffic that was asked for still names ${remnants.join(", ")}, which an earlier release left and which cannot serve. Gantry takes it out with this release.`,
        next: "",
      },
    ];
  return [
    {
      severity: "stops",
      code: "traffic-broken",
      message: `${describeSplit(wished)} was asked for, but ${stable} serves all traffic because Cloud Run could not carry it out (${failed}). Every further change fails until the list is put right.`,
      next: `gcloud run services update-traffic ${service.name} --to-revisions=${stable}=100 --region=${service.region} --project=${service.project}`,
    },
  ];
}

function onLatest(stable: RevisionName): Finding {
  return {
    severity: "notes",
    code: "traffic-on-latest",
    message: `Traffic follows the latest revision, which is ${stable}. Gantry pins it by name in the same write that adds the candidate.`,
    next: "",
  };
}

function pinned(stable: RevisionName): Finding {
  return {
    severity: "notes",
    code: "traffic-was-pinned",
    message: `Traffic is pinned to ${stable} by name, so a plain deploy would get 0 %. Gantry moves it to the candidate step by step, and pins again.`,
    next: "",
  };
}
