import type { Finding } from "../../shared/domain/finding.ts";
import type { SettingRow } from "../../shared/domain/guardrails.ts";
import type { ServiceView } from "../api/views.ts";
import { paths } from "../paths.ts";
import type { Identity } from "../service-deps.ts";
import { ActionButton, Moment } from "./parts.tsx";
import { forPerson } from "./permissions.ts";

/** Settings that are not as they were, or not as they were promised. */
function SettingsTable({ rows, wanted }: Readonly<{ rows: readonly SettingRow[]; wanted: string }>) {
  return (
    <table class="settings">
      <thead>
        <tr>
          <th scope="col">Setting</th>
          <th scope="col">{wanted}</th>
          <th scope="col">Found</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>
            <td>{row.setting}</td>
            <td>{row.wanted}</td>
            <td>{row.found}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What the preflight found, the gravest first, each with what to do. */
export function Findings({ findings, tag }: Readonly<{ findings: readonly Finding[]; tag: string }>) {
  if (findings.length === 0) return <p class="quiet">Nothing was found yet.</p>;
  return (
    <ul class="rows">
      {findings.map(({ severity, code, message, next, rows = [] }) => (
        <li class={severity === "stops" ? "bad" : ""}>
          <strong>{severity}</strong> <code>{code}</code> {message}
          {rows.length > 0 && <SettingsTable rows={rows} wanted="Wanted" />}
          {next !== "" && <pre>{next.replaceAll(" TAG", ` ${tag}`)}</pre>}
        </li>
      ))}
    </ul>
  );
}

/** What somebody changed by hand, and the button that takes it for the truth. */
export function Drift({
  service: { key, drift },
  identity,
}: Readonly<{ service: ServiceView; identity: Identity | null }>) {
  if (drift === null) return null;
  return (
    <div class="frozen drift">
      <p class="strip">
        Changed by hand{drift.by === null ? "" : `, last written by ${drift.by}`}, found{" "}
        <Moment at={drift.since} />. Nothing new is released. A rollback always may run.
      </p>
      <SettingsTable rows={drift.rows} wanted="As Gantry left it" />
      <ActionButton
        id={`accept-${key.replaceAll(/[/:.]/g, "-")}`}
        label="Accept as it is"
        path={paths.acceptChanges(key)}
        permission={forPerson({ permission: { allowed: true }, identity })}
        asksReason
      />
    </div>
  );
}
