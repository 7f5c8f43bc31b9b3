import { quarantineFailure } from "./begin-release.ts";
import type { CommandOf } from "./commands.ts";
import { driftRefusal } from "./decide-drift.ts";
import { type Decision, events, nothing, refuse } from "./decision.ts";
import type { ServiceEvent } from "./events.ts";
import type { ActiveRelease, ReleaseBasics, ServiceState } from "./service-state.ts";
import { isOlder } from "./versions.ts";

type Request = CommandOf<"request-release">;

/** Statuses in which a release has, or had, traffic: a newer tag waits behind it instead of taking its place. */
function isExposed(active: ActiveRelease): boolean {
  return ["rolling-out", "baking", "rolling-back", "held"].includes(active.status);
}

function superseded(loser: ReleaseBasics, winner: ReleaseBasics, at: number): ServiceEvent {
  const message = `${winner.tag} was pushed, so ${loser.tag} is not released. It had no traffic.`;
  return {
    type: "release-superseded",
    at,
    releaseId: loser.id,
    by: winner.id,
    byTag: winner.tag,
    failure: { code: "superseded", message },
  };
}

/** Refuses an image in quarantine, and what a repeated, moved or older tag asks for without a person's word. */
function refusalOf(command: Request, state: ServiceState): Decision | null {
  const { release } = command;
  const barred = release.prebuilt && quarantineFailure(state, release.prebuilt.image.digest);
  if (barred) return refuse("image-quarantined", barred.message, `gantry quarantine list ${state.key}`);
  if (command.explicit) return null;
  const deploy = `gantry deploy ${release.tag}`;
  const seen = state.seen.findLast(({ tag }) => tag === release.tag);
  if (seen && seen.commit === release.commit)
    return refuse(
      "tag-already-released",
      `${release.tag} was requested before, as ${seen.releaseId}. Nothing was started.`,
      deploy,
    );
  if (seen)
    return refuse(
      "tag-moved",
      `${release.tag} was ${seen.commit.slice(0, 7)} in ${seen.releaseId} and is ${release.commit.slice(0, 7)} now. A moved tag is not released by itself.`,
      deploy,
    );
  if (state.live && isOlder(release.tag, state.live.tag))
    return refuse(
      "tag-older",
      `${release.tag} is older than ${state.live.tag}, which is live. Nothing was started.`,
      deploy,
    );
  return null;
}

function queueBehind(active: ActiveRelease, command: Request, state: ServiceState): Decision {
  const { release, at } = command;
  const requested: ServiceEvent = { type: "release-requested", at, releaseId: release.id, release };
  const waiting = state.queue[0];
  if (waiting && !command.explicit && isOlder(release.tag, waiting.tag)) {
    const queued: ServiceEvent = {
      type: "release-queued",
      at,
      releaseId: release.id,
      release,
      behind: waiting.id,
      behindTag: waiting.tag,
    };
    return events(requested, queued, superseded(release, waiting, at));
  }
  const displaced = state.queue.map((loser) => superseded(loser, release, at));
  return events(requested, ...displaced, {
    type: "release-queued",
    at,
    releaseId: release.id,
    release,
    behind: active.id,
    behindTag: active.tag,
  });
}

function takeThePlaceOf(active: ActiveRelease, command: Request): Decision {
  const { release, at } = command;
  const requested: ServiceEvent = { type: "release-requested", at, releaseId: release.id, release };
  if (!command.explicit && isOlder(release.tag, active.tag)) {
    const queued: ServiceEvent = {
      type: "release-queued",
      at,
      releaseId: release.id,
      release,
      behind: active.id,
      behindTag: active.tag,
    };
    return events(requested, queued, superseded(release, active, at));
  }
  return events(requested, superseded(active, release, at), {
    type: "release-began",
    at,
    releaseId: release.id,
    release,
  });
}

/**
 * Admits a release: at once where nothing runs; in the place of one without traffic; behind one with traffic, in the
 * place of what waits there. Of two tags the newer version wins, whichever was told of first.
 */
export function decideRequest(command: Request, state: ServiceState): Decision {
  const { release, at } = command;
  if (state.seen.some(({ releaseId }) => releaseId === release.id)) return nothing;
  const refusal = refusalOf(command, state) ?? driftRefusal(state);
  if (refusal) return refusal;
  if (state.active === null)
    return events(
      { type: "release-requested", at, releaseId: release.id, release },
      { type: "release-began", at, releaseId: release.id, release },
    );
  return isExposed(state.active)
    ? queueBehind(state.active, command, state)
    : takeThePlaceOf(state.active, command);
}
