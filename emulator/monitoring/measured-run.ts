import { parseMemoryMib } from "../run/control/quotas.ts";
import { ingressContainer } from "../run/control/template.ts";
import type { RevisionActivity } from "../run/data/data-plane.ts";
import type { SampledRevision } from "./run-sampler.ts";

const DEFAULT_MEMORY = "512Mi";

/** A revision of the local Cloud Run as it is measured. */
export function sampledRevision({ key, revision, instances }: RevisionActivity): SampledRevision {
  const { resources = {} } = ingressContainer(revision.template);
  const memory = parseMemoryMib(resources.limits?.["memory"] ?? DEFAULT_MEMORY);
  return {
    project: key.project,
    location: key.location,
    service: key.service,
    revision: revision.name,
    memoryLimitBytes: memory * 1024 ** 2,
    isInstanceBilled: resources.cpuIdle !== true,
    instances,
  };
}
