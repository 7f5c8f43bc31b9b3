import type { Timestamp } from "../../shared/domain/ids.ts";
import type {
  ActiveRelease,
  ReleaseBasics,
  ReleaseIn,
  ServiceState,
} from "../../shared/domain/service-state.ts";
import { statusWords } from "../../shared/domain/words.ts";

/** What happens to the service at this moment, as one sentence. */
export function nowInWords(params: Readonly<{ state: ServiceState; now: Timestamp }>): string {
  const { state, now } = params;
  const sentence = state.active === null ? atRest(state) : atWork(state.active, now);
  const waiting = state.queue.map((release) => `${release.tag} waits behind it.`);
  return [sentence, ...waiting].join(" ");
}

function atRest({ live, drift }: ServiceState): string {
  if (drift !== undefined) {
    const what = drift.rows.map(({ setting }) => setting).join(", ");
    return `Somebody changed it by hand (${what}); nothing new is released until a person accepts that or puts it back.`;
  }
  return live === null ? "Nothing was released yet." : `${live.tag} is live; nothing is being released.`;
}

function atWork(release: ActiveRelease, now: Timestamp): string {
  switch (release.status) {
    case "rolling-out":
      return `${release.tag} ${inStep(release, now)}`;
    case "baking":
      return `${release.tag} has all traffic and bakes${still(release.since + release.plan.bakeMs, now)}.`;
    case "awaiting-approval": {
      const { approvedBy, plan, expiresAt } = release;
      const count = `${approvedBy.length} of ${plan.approval.count}`;
      return `${release.tag} waits for approval (${count}), for another ${leftOf(expiresAt, now)}.`;
    }
    case "held":
    case "rolling-back":
      return `${release.tag} ${statusWords[release.status].sentence}: ${release.failure.message}`;
    case "building":
    case "deploying":
    case "verifying":
      return `${release.tag} ${statusWords[release.status].sentence}.`;
    default:
      return ofNewer(release);
  }
}

/** What a newer Gantry wrote; nothing that this version writes comes here. */
function ofNewer(release: never): string {
  const { tag, status }: Pick<ReleaseBasics, "tag"> & Readonly<{ status: string }> = release;
  return `${tag} is ${status}, which only a newer Gantry knows; that one goes on with it.`;
}

function inStep({ plan, step, movedAt, paused }: ReleaseIn<"rolling-out">, now: Timestamp): string {
  const current = plan.steps[step];
  if (current === undefined) return `${statusWords["rolling-out"].sentence}.`;
  if (movedAt === null) return `is moving to ${current.percent} %.`;
  if (paused) return `is paused at ${current.percent} % and is watched; no step follows until it is resumed.`;
  const following = plan.steps[step + 1];
  const then = following === undefined ? "the bake" : `${following.percent} %`;
  return `holds ${current.percent} %; ${then} follows ${upcoming(movedAt + current.holdMs, now)}.`;
}

/** Time that is up while the last evidence is looked at is not told as 0:00. */
function still(until: Timestamp, now: Timestamp): string {
  return now >= until ? "; the last look at it is under way" : ` for another ${leftOf(until, now)}`;
}

function upcoming(at: Timestamp, now: Timestamp): string {
  return now >= at ? "once the last look at it went well" : `in ${leftOf(at, now)}`;
}

function leftOf(until: Timestamp, now: Timestamp): string {
  return duration(Math.max(0, until - now));
}

/** `6:12` for minutes and seconds, `2:06:12` with hours. */
export function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = two(seconds % 60);
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${two(minutes)}:${rest}`;
}
