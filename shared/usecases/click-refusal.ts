import type { DecisionRefusal } from "../domain/decision-reply.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import type { Deps } from "./deps.ts";
import type { Answer } from "./desk.ts";

/** The refusal in the words of a clicker: who may instead, until when it was possible, who was first. */
export async function refusalOf(
  deps: Deps,
  answer: Extract<Answer, { ok: false }>,
  record: ReleaseRecord,
): Promise<DecisionRefusal> {
  const { from } = record.plan.approval;
  switch (answer.code) {
    case "not-an-approver":
    case "self-approval":
      return { code: answer.code, from };
    case "approval-expired":
      return { code: "approval-expired", expiresAt: record.approval?.expiresAt ?? record.updatedAt };
    case "approval-void":
      return { code: "approval-voided" };
    case "no-approval-awaited":
      return (await decidedBefore(deps, record)) ?? { code: "no-approval-awaited" };
    default:
      return { code: "not-possible", why: `${answer.message} Next: ${answer.next}` };
  }
}

/** Who decided first and when, as the events tell it; null = nobody did. */
async function decidedBefore({ store }: Deps, record: ReleaseRecord): Promise<DecisionRefusal | null> {
  let approved = 0;
  let first: DecisionRefusal | null = null;
  for (const { event } of await store.releaseEvents(record.id)) {
    if (event.type === "approval-given") {
      approved += 1;
      const { by, at } = event;
      if (approved === record.plan.approval.count)
        first = { code: "already-decided", decision: "approved", by: by.name, at };
    }
    if (event.type === "release-rejected") {
      const { by, at } = event;
      if (by.kind === "system") return { code: "approval-expired", expiresAt: at };
      return { code: "already-decided", decision: "rejected", by: by.name, at };
    }
  }
  return first;
}
