import type { ServiceState } from "../domain/service-state.ts";
import type { OwedWork } from "../ports/store.ts";
import type { OngoingStep, StepFacts } from "../ports/tracing.ts";
import type { Deps } from "./deps.ts";

type Owed = Readonly<{ work: OwedWork; state: ServiceState }>;

/** A piece of work that is being done; `fail` says that it came to nothing. */
export type WorkStep = Pick<OngoingStep, "fail">;

/** Runs a piece of claimed work as a step of its release, and counts how it ended. */
export async function asStep<T>(
  deps: Deps,
  { work, state }: Owed,
  run: (step: WorkStep) => Promise<T>,
): Promise<T> {
  const { tracing, meters, clock } = deps;
  const { kind, id, attempt } = work;
  const from = clock.now();
  let end: "done" | "failed" = "done";
  const attributes = { "gantry.work": id, "gantry.attempt": attempt };
  const step = {
    name: kind,
    kind: "internal",
    facts: factsOf(work, state),
    parent: null,
    attributes,
  } as const;
  try {
    return await tracing.within(step, (ongoing) =>
      run({
        fail: (why) => {
          end = "failed";
          ongoing.fail(why);
        },
      }),
    );
  } finally {
    meters.worked({ kind, end, ms: clock.now() - from });
  }
}

function factsOf({ service, releaseId }: OwedWork, { active, live }: ServiceState): StepFacts {
  const release = [active, live].find((each) => each?.id === releaseId);
  const candidate = release && "candidate" in release ? release.candidate : undefined;
  return {
    releaseId,
    service,
    ...(candidate === undefined ? {} : { revision: candidate.revision }),
    ...(release?.origin === undefined ? {} : { deliveryId: release.origin.delivery }),
  };
}
