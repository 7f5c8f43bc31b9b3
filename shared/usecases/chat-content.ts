import { rootMessage } from "../domain/release-message.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import type { ChatText } from "../ports/chat.ts";
import type { Deps } from "./deps.ts";

/** The root message of a release as everything stands now. */
export async function contentOf(deps: Deps, record: ReleaseRecord): Promise<ChatText> {
  const { settings, policy, store } = deps;
  const { state } = await store.load(record.service);
  const previous = state.live !== null && state.live.id !== record.id ? state.live : (state.past.at(-1) ?? null);
  const { approval, approvedBy, plan } = record;
  const people = new Map(Object.entries(policy.people).flatMap(([name, { slack }]) => (slack[0] ? [[name, slack[0]] as const] : [])));
  return rootMessage({
    record,
    consoleUrl: `${settings.consoleUrl}/releases/${record.id}`,
    people,
    previous: previous ? { tag: previous.tag, commit: previous.commit } : null,
    paused: record.paused,
    canGoBack: state.live?.id === record.id && state.active === null && state.live.stable !== null,
    approval: approval ? { id: approval.id, expiresAt: approval.expiresAt, from: plan.approval.from, count: plan.approval.count, approvedBy } : null,
    sourceSite: settings.sourceSite,
  });
}
