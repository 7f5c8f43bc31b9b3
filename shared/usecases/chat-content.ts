import type { Mentions } from "../domain/chat-escape.ts";
import type { ApprovalFacts } from "../domain/release-facts.ts";
import { rootMessage } from "../domain/release-message.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
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
export async function contentOf(deps: Deps, record: ReleaseRecord): Promise<ChatText> {
  const { store } = deps;
  const { state } = await store.load(record.service);
  const previous =
    state.live !== null && state.live.id !== record.id ? state.live : (state.past.at(-1) ?? null);
  const { approval, plan } = record;
  const given = await approvalsOf(deps, record);
  return rootMessage({
    record,
    consoleUrl: `${deps.consoleUrl()}/releases/${record.id}`,
    people: peopleOf(deps),
    previous: previous ? { tag: previous.tag, commit: previous.commit } : null,
    paused: record.paused,
    canGoBack: state.live?.id === record.id && state.active === null && state.live.stable !== null,
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

/** Who approved and when, as the events tell it. */
async function approvalsOf(
  { store }: Deps,
  { id, approvedBy }: ReleaseRecord,
): Promise<ApprovalFacts["approvedBy"]> {
  if (approvedBy.length === 0) return [];
  const events = await store.releaseEvents(id);
  return events.flatMap(({ event }) =>
    event.type === "approval-given" ? [{ by: event.by, at: event.at }] : [],
  );
}
