import type { Timestamp } from "../../shared/domain/ids.ts";
import type { Candidate, ReleaseBasics } from "../../shared/domain/service-state.ts";
import { Moment } from "./parts.tsx";

/** A release that waits for approval, with all that a yes would be a yes to. */
export type Waiting = Readonly<{
  release: ReleaseBasics;
  candidate: Candidate | null;
  approvedBy: readonly Readonly<{ name: string }>[];
  expiresAt: Timestamp;
}>;

/** Says what exactly is approved: nobody approves what they did not see. */
export function ApprovalBox({ release, candidate, approvedBy, expiresAt }: Waiting) {
  const { tag, commit, repository, requestedBy, plan } = release;
  const { count, from } = plan.approval;
  const facts = [
    ["Tag", tag],
    ["Commit", `${commit} of ${repository}`],
    ["Image", candidate?.image.digest ?? "unknown"],
    ["Steps", plan.steps.map(({ percent }) => `${percent} %`).join(", ")],
    ["Asked for by", requestedBy.name],
    ["Approved by", approvedBy.map(({ name }) => name).join(", ") || "nobody yet"],
  ] as const;
  return (
    <div class="approval">
      <p>
        <strong>{`Waits for ${count} of ${from.join(", ") || "anybody"} to approve`}</strong> until{" "}
        <Moment at={expiresAt} />. What is approved is this, and nothing else:
      </p>
      <dl>
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
    </div>
  );
}
