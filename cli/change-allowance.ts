import { type ChangeAllowance, guardedSettings } from "../shared/domain/guardrails.ts";
import { usageComplaint } from "./complaint.ts";

export type AllowanceOptions = Readonly<{ allowChange?: string; reason?: string }>;

/** `--allow-change memory,gpu --reason TEXT` as the API takes it; empty without the option. */
export function allowanceOf({
  allowChange,
  reason = "",
}: AllowanceOptions): Readonly<{ allowChange?: ChangeAllowance }> {
  if (allowChange === undefined) {
    if (reason === "") return {};
    throw usageComplaint({
      code: "usage",
      happened: "--reason goes with --allow-change",
      why: "A reason is kept with the guard rails that it lets a release break.",
      next: ["gantry deploy TAG --allow-change memory --reason TEXT"],
    });
  }
  const named = allowChange.split(",").map((name) => name.trim());
  const settings = guardedSettings.filter((setting) => named.includes(setting));
  const unknown = named.filter((name) => !guardedSettings.some((setting) => setting === name));
  if (unknown.length > 0)
    throw usageComplaint({
      code: "usage",
      happened: `${unknown.map((name) => JSON.stringify(name)).join(", ")} is no guard rail`,
      why: `Guard rails are ${guardedSettings.join(", ")}.`,
      next: ["gantry deploy TAG --allow-change memory,gpu --reason TEXT"],
    });
  if (reason.trim() === "")
    throw usageComplaint({
      code: "usage",
      happened: "--allow-change needs --reason",
      why: "Who let a release break a guard rail, and why, stays on record.",
      next: [`gantry deploy TAG --allow-change ${settings.join(",")} --reason TEXT`],
    });
  return { allowChange: { settings, reason: reason.trim() } };
}
