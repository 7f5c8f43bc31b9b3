import { can, neededAction } from "../../shared/domain/capabilities.ts";
import type { StandingFreeze } from "../../shared/domain/freeze.ts";
import { standingWords } from "../../shared/domain/freeze-words.ts";
import type { Timestamp } from "../../shared/domain/ids.ts";
import type { ReleaseRecord } from "../../shared/domain/release-record.ts";
import { wordsOf } from "../../shared/domain/release-words.ts";
import type { ServiceState } from "../../shared/domain/service-state.ts";
import { isEnd } from "../../shared/domain/words.ts";
import type { Refusal } from "../../shared/ports/store.ts";
import { paths } from "../paths.ts";
import { nowInWords } from "./now-in-words.ts";

/** A release as the API and the console show it: the record, the words for it, and what may be done. */
export function releaseView(record: ReleaseRecord) {
  return {
    ...record,
    words: wordsOf(record),
    ended: isEnd(record.status),
    can: {
      cancel: can.cancel(record),
      approve: can.approve(record),
      reject: can.reject(record),
      pause: can.pause(record),
      resume: can.resume(record),
      promote: can.promote(record),
      rollBack: can.rollBack(record),
    },
    links: {
      self: paths.api.release(record.id),
      events: paths.api.releaseEvents(record.id),
      explain: paths.api.explain(record.id),
      service: paths.api.service(record.service),
      console: paths.release(record.id),
    },
  };
}

export type ReleaseView = ReturnType<typeof releaseView>;

/** A service as the API and the console show it. */
export function serviceView({
  state,
  now,
  frozen,
}: Readonly<{ state: ServiceState; now: Timestamp; frozen: readonly StandingFreeze[] }>) {
  const { key, live, past, active, queue, quarantine, leftovers, drift } = state;
  const [project = "", region = "", name = ""] = key.split("/");
  return {
    key,
    project,
    region,
    name,
    now: nowInWords({ state, now }),
    live,
    past,
    active: active === null ? null : { ...active, words: wordsOf(active) },
    queue,
    quarantine,
    leftovers,
    frozen: frozen.map((freeze) => ({ ...freeze, words: standingWords(freeze) })),
    drift: drift === undefined ? null : { rows: drift.rows, by: drift.by, since: drift.since },
    hold:
      active?.status === "held"
        ? { failure: active.failure, since: active.since, found: active.found }
        : null,
    needed: neededAction(state),
    can: { rollBack: can.rollBackService(state) },
    links: {
      self: paths.api.service(key),
      quarantine: paths.api.quarantine(key),
      releases: `${paths.api.releases()}?service=${key}`,
    },
  };
}

export type ServiceView = ReturnType<typeof serviceView>;

/** A refusal with where to find it. */
export function refusalView(refusal: Refusal) {
  return { ...refusal, links: { self: paths.api.refusal(refusal.id), console: paths.refusal(refusal.id) } };
}

export type RefusalView = ReturnType<typeof refusalView>;
