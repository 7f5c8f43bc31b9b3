import type { CheckResult, EventOf, EventType, ServiceEvent } from "../../shared/domain/events.ts";

const checks = (results: readonly CheckResult[]): string => {
  const failed = results.filter((check) => check.verdict !== "pass").length;
  return failed === 0
    ? `${results.length} checks passed`
    : `${failed} of ${results.length} checks did not pass`;
};

/** One sentence for each kind of event, as the timeline tells it. */
const sentences: { readonly [K in EventType]: (event: EventOf<K>) => string } = {
  "release-requested": ({ release }) => `${release.requestedBy.name} asked for ${release.tag}.`,
  "release-queued": ({ behind }) => `Queued behind ${behind}.`,
  "release-began": () => "The release began.",
  "release-superseded": ({ by }) => `Superseded by ${by}.`,
  "build-started": ({ buildId }) => `Cloud Build started build ${buildId}.`,
  "build-polled": () => "Cloud Build still works on it.",
  "build-succeeded": ({ image }) => `Built ${image.digest}.`,
  "candidate-deployed": ({ candidate }) => `${candidate.revision} is ready at 0 %.`,
  "gate-passed": (event) => `The gate passed: ${checks(event.checks)}.`,
  "gate-failed": (event) => `The gate failed: ${checks(event.checks)}.`,
  "approval-requested": ({ count, from }) =>
    `Waits for ${count} approval(s) from ${from.join(", ") || "anybody"}.`,
  "approval-given": ({ by }) => `${by.name} approved.`,
  "step-began": ({ percent }) => `Moving ${percent} % to the candidate.`,
  "traffic-moved": ({ percent }) => `The candidate serves ${percent} %.`,
  "watch-went-on": (event) => `Watched: ${checks(event.checks)}.`,
  "watch-failed": (event) => `The watch failed: ${checks(event.checks)}.`,
  "bake-began": () => "The bake began.",
  "release-live": ({ revision }) => `${revision} is live.`,
  "rollback-began": ({ by, target, failure }) =>
    `${by.name} began to roll back to ${target ?? "nothing"}: ${failure.message}`,
  "stable-restored": ({ target }) => `${target ?? "Nothing"} serves 100 % again.`,
  "release-held": ({ failure }) => `Held: ${failure.message}`,
  "release-failed": ({ failure }) => `Failed: ${failure.message}`,
  "release-rejected": ({ by, failure }) => `Rejected by ${by.name}: ${failure.message}`,
  "release-cancelled": ({ by, failure }) => `Cancelled by ${by.name}: ${failure.message}`,
  "release-rolled-back": ({ failure }) => `Rolled back: ${failure.message}`,
  "digest-quarantined": ({ digest }) => `${digest} went into quarantine.`,
  "digest-freed": ({ digest, by }) => `${by.name} freed ${digest} from quarantine.`,
  "leftovers-found": () => "Something of it has to be tidied up.",
  "leftovers-tidied": () => "What was left of it is tidied up.",
};

function sentenceFor<T extends EventType>(event: EventOf<T>): string {
  const say: (event: EventOf<T>) => string = sentences[event.type];
  return say(event);
}

/** The event as a sentence for a person. */
export function eventSentence(event: ServiceEvent): string {
  return sentenceFor(event);
}
