import type { FieldViolation } from "../../grpc/rpc-error.ts";
import { LATEST, REVISION, type TrafficTarget } from "./resources.ts";

const TAG = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX_HOST_LABEL = 63;

/** The allocation type of a target; an entry that leaves it out is told by whether it names a revision. */
export function targetType(target: TrafficTarget): string {
  if (target.type === LATEST || target.type === REVISION) return target.type;
  return target.revision ? REVISION : LATEST;
}

function percentViolations(target: TrafficTarget, field: string): FieldViolation[] {
  const percent = target.percent ?? 0;
  if (percent >= 0 && percent <= 100) return [];
  return [{ field: `${field}.percent`, description: "must be a number between 0 and 100" }];
}

function revisionViolations(target: TrafficTarget, field: string): FieldViolation[] {
  const type = targetType(target);
  if ((type === REVISION) === Boolean(target.revision)) return [];
  return [
    {
      field: `${field}.revision`,
      description: `must be specified if and only if traffic type is ${REVISION}`,
    },
  ];
}

function tagViolations(target: TrafficTarget, field: string, service: string): FieldViolation[] {
  const { tag } = target;
  if (!tag) return [];
  if (!TAG.test(tag))
    return [
      {
        field: `${field}.tag`,
        description: "must be lower case letters, digits and hyphens, and begin with a letter",
      },
    ];
  if (`${tag}---${service}`.length <= MAX_HOST_LABEL) return [];
  return [
    { field: `${field}.tag`, description: "tag and service name together are too long for a host name" },
  ];
}

function listViolations(traffic: readonly TrafficTarget[]): FieldViolation[] {
  const tags = traffic.flatMap(({ tag }) => (tag ? [tag] : []));
  const duplicates =
    new Set(tags).size === tags.length
      ? []
      : [{ field: "traffic", description: "may not contain a duplicate tag" }];
  const sum = traffic.reduce((total, { percent }) => total + (percent ?? 0), 0);
  const total =
    sum === 100
      ? []
      : [{ field: "traffic", description: `the sum of all percents is ${sum} and should be 100` }];
  return [...duplicates, ...total];
}

/** What is wrong with the desired traffic of a service; an empty list of targets means 100 % to the latest ready revision. */
export function validateTraffic(
  service: string,
  traffic: readonly TrafficTarget[],
): readonly FieldViolation[] {
  if (traffic.length === 0) return [];
  const each = traffic.flatMap((target, index) => {
    const field = `traffic[${index}]`;
    return [
      ...percentViolations(target, field),
      ...revisionViolations(target, field),
      ...tagViolations(target, field, service),
    ];
  });
  return [...each, ...listViolations(traffic)];
}
