import { type Grant, grantsOf, type Installation } from "../../shared/install/grants.ts";
import { allRights, ownRoles, purposeOf } from "../../shared/install/rights.ts";
import type { CliIo } from "../cli-io.ts";
import { usageComplaint } from "../complaint.ts";
import { googleApi } from "../doctor/google-api.ts";
import { missingGrants } from "../doctor/granted-rights.ts";
import type { IamOptions } from "../iam.ts";
import { type Output, table } from "../output.ts";
import { grantCommands } from "./grant-command.ts";
import { placeText, resourceText } from "./place-text.ts";

/** The table of rights; with a project and services, each at its own resource. */
export function printRights(options: IamOptions, out: Output): void {
  const rows = rowsOf(options);
  if (out.isJson) {
    out.json({ rights: rows });
    return;
  }
  const shown = together(rows);
  const lines = shown.map(({ component, role, on, why }, index) => {
    const isFirst = shown[index - 1]?.component !== component;
    return [isFirst ? component : "", role, on, why];
  });
  out.line(table(["PART", "ROLE", "ON", "WHY"], lines, out.paint));
  const parts = [...new Set(rows.map(({ component }) => component))];
  for (const part of parts) out.note(`${part}: ${purposeOf(part)}`);
  for (const { id, title, permissions } of ownRoles)
    out.note(`The role ${id} is Gantry's own (${title}): ${permissions.join(", ")}`);
  out.note("People need nothing here: what they may decide stands in gantry.policy.yaml.");
}

type Row = Readonly<{ component: Grant["component"]; role: string; on: string; why: string }>;

function rowsOf(options: IamOptions): readonly Row[] {
  const installation = installationOf(options);
  if (installation !== null)
    return grantsOf(installation).map(({ component, role, resource, condition, why }) => {
      const on =
        condition === null ? resourceText(resource) : `${resourceText(resource)}, ${condition.title}`;
      return { component, role, on, why };
    });
  return allRights().map(({ component, role, on, why }) => ({
    component,
    role: role.replace(/^custom\//, ""),
    on: placeText(on, options.database),
    why,
  }));
}

/** Rights that differ only in the place, more than this, are one line. */
const mostPlaces = 4;

/** One line for rights that differ only in the place, as those on topics do; `--json` has each. */
function together(rows: readonly Row[]): readonly Row[] {
  const alike = (a: Row, b: Row) => a.component === b.component && a.role === b.role && a.why === b.why;
  return rows.flatMap((row, index) => {
    const same = rows.filter((other) => alike(row, other));
    if (same.length <= mostPlaces) return [row];
    if (rows.findIndex((other) => alike(row, other)) !== index) return [];
    const last = same.at(-1)?.on.split(" ").at(-1) ?? "";
    return [{ ...row, on: `${row.on} … ${last} (${same.length})` }];
  });
}

function installationOf(options: IamOptions): Installation | null {
  const { project, region, database, service, slack, github, otlpHeaders } = options;
  if (project === undefined || service.length === 0) return null;
  return {
    project,
    region,
    database,
    services: service,
    hasSlack: slack,
    github,
    hasOtlpHeaders: otlpHeaders === true,
  };
}

/** The commands that grant what is missing. Where a policy cannot be read, all of its grants count as missing. */
export async function printGrants(io: CliIo, options: IamOptions, out: Output): Promise<void> {
  const installation = installationOf(options);
  if (installation === null)
    throw usageComplaint({
      happened: "The commands need a project and a service",
      why: "A right is granted on this project and these services, and on no others.",
      next: ["gantry iam --gcloud --project PROJECT --service PROJECT/REGION/NAME=ACCOUNT"],
    });
  const grants = grantsOf(installation);
  const { missing, unreadable } = await missingGrants(googleApi(io), grants);
  const commands = grantCommands(missing);
  if (out.isJson) out.json({ needed: grants.length, missing: missing.length, unreadable, commands });
  else for (const command of commands) out.line(command);
  for (const reason of unreadable) out.note(`Could not look: ${reason}`);
  out.note(`${missing.length} of ${grants.length} rights are missing or could not be looked at.`);
}
