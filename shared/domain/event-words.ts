import { driftSentences } from "./drift-words.ts";
import type { CheckResult, EventOf, EventType } from "./events.ts";
import { checkLine } from "./explain.ts";
import { despiteWords } from "./freeze-words.ts";
import { entryOf } from "./schema.ts";
import { describeSplit } from "./traffic.ts";
import { warmthSentences } from "./warm-words.ts";

type Sentences = { readonly [T in EventType]: (event: EventOf<T>) => string };

/** A line for each fact; the ones that a person waits for say what was measured. */
const sentences: Sentences = {
  "release-requested": ({ release }) =>
    [`asked for by ${release.requestedBy.name}`, despiteWords(release)]
      .filter((text) => text !== "")
      .join(". "),
  "release-queued": ({ behindTag }) => `waits for ${behindTag}`,
  "release-began": ({ release }) => `begins with commit ${release.commit.slice(0, 7)}`,
  "release-superseded": ({ byTag }) => `superseded by ${byTag}`,
  "build-started": ({ logUrl }) => `is being built: ${logUrl}`,
  "build-polled": () => "is still being built",
  "build-lost": ({ failure }) => `is built once more, because the platform failed: ${failure.message}`,
  "image-given": ({ image, reference, by }) =>
    `is not built: ${by.name} gave the image ${reference}, which is ${image.digest}`,
  "build-succeeded": ({ image }) => `is built: ${image.digest}`,
  "candidate-deployed": ({ candidate, stable }) =>
    stable === null
      ? `${candidate.revision} is the first revision and is being verified`
      : `${candidate.revision} is ready at 0 % and is being verified; ${stable} serves 100 %`,
  "gate-passed": ({ checks }) => `passed the gate: ${inShort(checks)}`,
  "gate-failed": ({ checks }) => `did not pass the gate: ${inShort(checks)}`,
  "approval-requested": ({ count, from }) =>
    `waits for ${count} of ${from.join(", ") || "anybody"} to approve`,
  "approval-given": ({ by }) => `approved by ${by.name}`,
  "decision-refused": ({ by, wanted, code }) => `${by.name} may not ${wanted} it: ${code}`,
  "rollout-paused": ({ by }) => `paused by ${by.name}: watched on, no step is taken`,
  "rollout-resumed": ({ by }) => `resumed by ${by.name}`,
  "rollout-promoted": ({ by }) => `promoted by ${by.name}: the holds that are left are skipped`,
  "step-began": ({ percent }) => `moves to ${percent} %`,
  "traffic-moved": ({ percent }) => `serves ${percent} %`,
  "watch-went-on": ({ checks }) => `is watched: ${inShort(checks)}`,
  "watch-failed": ({ checks }) => `did worse than allowed: ${inShort(checks)}`,
  "bake-began": () => "has all traffic and bakes",
  "release-live": ({ revision }) => `is live as ${revision}`,
  "release-replaced": ({ byTag }) => `is no longer live: ${byTag} is`,
  "release-reinstated": () => "is live again",
  "rollback-began": ({ target, failure }) => `goes back to ${target ?? "nothing"}: ${failure.message}`,
  "stable-restored": ({ target }) =>
    target === null ? "there was no revision to go back to" : `${target} serves 100 % again`,
  "release-held": ({ failure, found }) => `is held with ${describeSplit(found)}: ${failure.message}`,
  "release-failed": ({ failure }) => `failed: ${failure.message}`,
  "release-rejected": ({ by, failure }) =>
    failure.code === "approval-expired"
      ? `expired: ${failure.message}`
      : `rejected by ${by.name}: ${failure.message}`,
  "release-cancelled": ({ by, failure }) => `cancelled by ${by.name}: ${failure.message}`,
  "release-rolled-back": ({ failure }) => `rolled back: ${failure.message}`,
  "digest-quarantined": ({ digest }) => `image ${digest} is in quarantine`,
  "digest-freed": ({ by }) => `image freed from quarantine by ${by.name}`,
  "leftovers-found": () => "leaves something to tidy up",
  "leftovers-tidied": () => "is tidied up",
  ...driftSentences,
  ...warmthSentences,
};

function inShort(checks: readonly CheckResult[]): string {
  const others = checks.filter(({ verdict }) => verdict !== "pass");
  if (others.length > 0) return others.map(checkLine).join(" ");
  const warnings = checks.flatMap(({ name, warning }) =>
    warning === undefined ? [] : [`${name}: ${warning}`],
  );
  const warned = warnings.length === 0 ? "" : `, with a warning: ${warnings.join("; ")}`;
  return `${checks.length} ${checks.length === 1 ? "check" : "checks"} passed${warned}`;
}

/** What happened, in words without a subject: CLI and console alike say it so. */
export function eventWords<T extends EventType>(event: EventOf<T>): string {
  const say: ((event: EventOf<T>) => string) | null = entryOf(sentences, event.type);
  return say === null ? `has a note that only a newer Gantry can read: ${event.type}` : say(event);
}
