import type { CommandOf } from "./commands.ts";
import { type Decision, events, refuse } from "./decision.ts";
import type { ServiceEvent } from "./events.ts";
import { rollBackTo } from "./rollback-events.ts";
import type { ActiveRelease, Failure, ReleaseIn, ServiceState } from "./service-state.ts";

function cancelled(command: CommandOf<"cancel">, tag: string): Decision {
  const { at, by, releaseId, reason } = command;
  const message = `${by.name} cancelled ${tag}${reason === "" ? "" : `: ${reason}`}.`;
  return events({
    type: "release-cancelled",
    at,
    releaseId,
    by,
    failure: { code: "cancelled-by-person", message },
  });
}

/** Ends a release without traffic, or one that is held: then the traffic stays as the person left it. */
export function decideCancel(command: CommandOf<"cancel">, state: ServiceState): Decision {
  const { releaseId } = command;
  const waiting = state.queue.find(({ id }) => id === releaseId);
  if (waiting) return cancelled(command, waiting.tag);
  const { active } = state;
  if (active?.id !== releaseId)
    return refuse("not-running", `${releaseId} does not run.`, `gantry releases show ${releaseId}`);
  if (active.status === "rolling-back")
    return refuse(
      "already-rolling-back",
      `${active.tag} is being rolled back.`,
      `gantry status ${state.key} --watch`,
    );
  if (active.status === "rolling-out" || active.status === "baking")
    return refuse(
      "already-exposed",
      `${active.tag} has traffic; it is not cancelled but rolled back.`,
      `gantry rollback ${state.key}`,
    );
  return cancelled(command, active.tag);
}

type Exposed = ReleaseIn<"rolling-out" | "baking" | "held">;

function isExposed(active: ActiveRelease): active is Exposed {
  return active.status === "rolling-out" || active.status === "baking" || active.status === "held";
}

function failureOf(command: CommandOf<"roll-back">, tag: string): Failure {
  const message = `${command.by.name} rolled ${tag} back${command.reason === "" ? "" : `: ${command.reason}`}.`;
  return { code: "rolled-back-by-person", message };
}

function rollBackLive(command: CommandOf<"roll-back">, state: ServiceState): Decision {
  const { live, active } = state;
  const { at, by } = command;
  const target = command.to ?? live?.stable ?? null;
  if (live === null || target === null || target === live.candidate.revision) {
    const why =
      live === null
        ? `Gantry has no live release of ${state.key} to roll back`
        : `No revision before ${live.candidate.revision} is known`;
    return refuse(
      "nothing-to-roll-back-to",
      `${why}.`,
      `gantry rollback ${state.key} --to REVISION --direct`,
    );
  }
  const stopped: readonly ServiceEvent[] = active
    ? [{ type: "release-cancelled", at, releaseId: active.id, by, failure: failureOf(command, live.tag) }]
    : [];
  return events(
    ...stopped,
    rollBackTo({ release: live, target, by, at, failure: failureOf(command, live.tag) }),
  );
}

/**
 * Puts the service back: a release with traffic to its stable, else the live one to the revision before it. A release
 * without traffic is stopped first, so that nothing rolls out what was just taken back.
 */
export function decideRollBack(command: CommandOf<"roll-back">, state: ServiceState): Decision {
  const { active } = state;
  if (active?.status === "rolling-back")
    return refuse(
      "already-rolling-back",
      `${active.tag} is being rolled back.`,
      `gantry status ${state.key} --watch`,
    );
  if (!active || !isExposed(active)) return rollBackLive(command, state);
  const { at, by } = command;
  return events(
    rollBackTo({
      release: active,
      target: command.to ?? active.stable,
      by,
      at,
      failure: failureOf(command, active.tag),
    }),
  );
}

export function decideFree(command: CommandOf<"free-digest">, state: ServiceState): Decision {
  const { at, by, digest, releaseId } = command;
  const isKnown = state.quarantine.some((entry) => entry.digest === digest);
  if (!isKnown)
    return refuse(
      "not-quarantined",
      `${digest} is not in quarantine.`,
      `gantry quarantine list ${state.key}`,
    );
  return events({ type: "digest-freed", at, releaseId, digest, by });
}
