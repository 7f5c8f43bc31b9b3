import type { Permission } from "../../shared/domain/capabilities.ts";
import type { CheckResult } from "../../shared/domain/events.ts";
import type { Timestamp } from "../../shared/domain/ids.ts";
import type { TrafficShare } from "../../shared/domain/traffic.ts";
import type { StatusWords } from "../../shared/domain/words.ts";
import type { TrafficReading } from "../api/traffic-reading.ts";

/** A moment with its zone. */
export function Moment({ at }: Readonly<{ at: Timestamp }>) {
  const iso = new Date(at).toISOString();
  return <time datetime={iso}>{`${iso.slice(0, 19).replace("T", " ")} UTC`}</time>;
}

/** A word in the colour of its tone; no sign that a machine may have no font for. */
export function Status({ words: { label, tone } }: Readonly<{ words: StatusWords }>) {
  return <span class={`status ${tone}`}>{label}</span>;
}

/** What requests meet now, as Cloud Run tells it; says so where that is not known or not settled. */
export function Traffic({ reading }: Readonly<{ reading: TrafficReading }>) {
  if (reading.state === "absent") return <p class="quiet">Cloud Run has no such service yet.</p>;
  if (reading.state === "unknown") return <p class="bad">Traffic is not known: {reading.error}</p>;
  return (
    <div class="traffic">
      <TrafficBar shares={reading.effective} />
      {!reading.settled && (
        <p class="quiet">Cloud Run is moving to: {reading.desired.filter(hasShare).map(label).join(", ")}</p>
      )}
    </div>
  );
}

const hasShare = (share: TrafficShare): boolean => share.percent > 0;
const label = (share: TrafficShare): string => `${share.revision ?? "latest"} ${share.percent} %`;

/** Widths are attributes of an SVG because the content security policy allows no inline style. */
function TrafficBar({ shares }: Readonly<{ shares: readonly TrafficShare[] }>) {
  const serving = shares.filter(hasShare);
  const startOf = (index: number) => serving.slice(0, index).reduce((sum, share) => sum + share.percent, 0);
  return (
    <>
      <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        {serving.map((share, index) => (
          <rect
            class={`share-${index % 4}`}
            x={String(startOf(index))}
            y="0"
            width={String(share.percent)}
            height="4"
          />
        ))}
      </svg>
      <ul class="legend">
        {serving.map((share, index) => (
          <li class={`share-${index % 4}`}>{label(share)}</li>
        ))}
      </ul>
    </>
  );
}

/** Checks with what was measured and what was asked for. */
export function Checks({ checks }: Readonly<{ checks: readonly CheckResult[] }>) {
  if (checks.length === 0) return <p class="quiet">Nothing was checked yet.</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Check</th>
          <th scope="col">Verdict</th>
          <th scope="col">Measured</th>
          <th scope="col">Limit</th>
        </tr>
      </thead>
      <tbody>
        {checks.map((check) => (
          <tr class={check.verdict}>
            <td>{check.name}</td>
            <td class="verdict">{check.verdict}</td>
            <td>
              {check.measured}
              {check.warning === undefined ? null : <small> Warning: {check.warning}</small>}
            </td>
            <td>{check.limit}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type Action = Readonly<{
  id: string; // unique on the page
  label: string;
  path: string;
  permission: Permission;
  asksReason: boolean;
  approvalId?: string | null; // the request that the page shows, where the button decides about it
}>;

/** A button that acts after a second click, or that says why it cannot. */
export function ActionButton({ id, label: text, path, permission, asksReason, approvalId = null }: Action) {
  if (!permission.allowed) {
    return (
      <span class="action">
        <button type="button" disabled aria-describedby={`${id}-why`}>
          {text}
        </button>
        <small id={`${id}-why`}>{permission.disabledReason}</small>
      </span>
    );
  }
  return (
    <details class="action" id={id}>
      <summary>{`${text} …`}</summary>
      <form method="post" action={path}>
        {approvalId !== null && <input type="hidden" name="approvalId" value={approvalId} />}
        {asksReason && (
          <input type="text" name="reason" placeholder="Reason" aria-label="Reason" maxlength={500} />
        )}
        <button type="submit">{text}</button>
      </form>
    </details>
  );
}
