import type { Mentions } from "../domain/chat-escape.ts";
import { decisionUnderWay } from "../domain/decision-under-way.ts";
import type { ServiceEvent } from "../domain/events.ts";
import type { ReleaseId } from "../domain/ids.ts";
import { liveBefore } from "../domain/live-before.ts";
import type { ApprovalFacts } from "../domain/release-facts.ts";
import { rootMessage } from "../domain/release-message.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import type { ServiceState } from "../domain/service-state.ts";
import { offersWayBack } from "../domain/way-back-offer.ts";
import type { ChatText } from "../ports/chat.ts";
import type { Deps } from "./deps.ts";

/** Whom the policy knows in chat: they are mentioned by their id, so that they notice. */
export function peopleOf({ policy }: Deps): Mentions {
  return new Map(
    Object.entries(policy.people).flatMap(([name, { slack }]) =>
      slack[0] ? [[name, slack[0]] as const] : [],
    ),
  );
}

/** An approval that is over binds no button any more: what is left of it is who gave it. */
const decided = { id: "", expiresAt: null } as const;

/** The root message of a release as everything stands now. */
export async function contentOf(
  deps: Deps,
  record: ReleaseRecord,
  events: readonly ServiceEvent[],
): Promise<ChatText> {
  const { store } = deps;
  const { state } = await store.load(record.service);
  const previous = liveBefore(state, record);
  const { approval, plan } = record;
  const given = approvalsIn(events);
  return rootMessage({
    record,
    consoleUrl: pageOf(deps, record.id),
    newerUrl: newerPageOf(deps, record),
    ahead: aheadOf(deps, state, record),
    people: peopleOf(deps),
    previous: previous ? { tag: previous.tag, commit: previous.commit } : null,
    canGoBack: offersWayBack(state, record.id),
    underWay: decisionUnderWay(events, deps.clock.now())?.decision ?? null,
    approval:
      approval === null && given.length === 0
        ? null
        : {
            ...(approval ?? decided),
            from: plan.approval.from,
            count: plan.approval.count,
            approvedBy: given,
          },
    sourceSite: deps.sourceSite,
  });
}

/** Where the release that took this one's place is shown; null = none did. */
export function newerPageOf(deps: Deps, { supersededBy }: ReleaseRecord): string | null {
  return supersededBy === null ? null : pageOf(deps, supersededBy);
}

/** The page of a release in the console. */
function pageOf(deps: Deps, id: ReleaseId): string {
  return `${deps.consoleUrl()}/releases/${id}`;
}

/** What a queued release waits for: the one that runs. */
function aheadOf(deps: Deps, { active }: ServiceState, { id, status }: ReleaseRecord) {
  if (status !== "queued" || active === null || active.id === id) return null;
  return { tag: active.tag, url: pageOf(deps, active.id) };
}

/** Who approved and when, as the events tell it. */
function approvalsIn(events: readonly ServiceEvent[]): ApprovalFacts["approvedBy"] {
  return events.flatMap((event) => (event.type === "approval-given" ? [{ by: event.by, at: event.at }] : []));
}
