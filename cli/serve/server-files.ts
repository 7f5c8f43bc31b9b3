import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parsePolicy } from "../../shared/config/policy-yaml.ts";
import { type ConfigProblem, formatProblem, type Result } from "../../shared/config/problem.ts";
import type { Policy } from "../../shared/domain/policy.ts";
import { Complaint, nothingChanged } from "../complaint.ts";
import { exitCodes } from "../exit-code.ts";
import { parseServerSettings, type ServerSettings } from "./server-settings.ts";

export type ServerFiles = Readonly<{ folder: string; settings: ServerSettings; policy: Policy }>;

/**
 * Reads the settings of a server, and the policy that they name or that is given. Paths are taken from `cwd`, the policy's from
 * the settings. @throws Complaint with every problem at its place.
 */
export async function readServerFiles(
  params: Readonly<{ server: string; policy: string | null; cwd: string }>,
): Promise<ServerFiles> {
  const { server, policy, cwd } = params;
  const path = resolve(cwd, server);
  const settings = taken(parseServerSettings({ text: await text(path, server), file: server }));
  const folder = dirname(path);
  const name = policy ?? settings.policy;
  const policyPath = policy === null ? resolve(folder, settings.policy) : resolve(cwd, policy);
  return { folder, settings, policy: taken(parsePolicy({ text: await text(policyPath, name), file: name })) };
}

async function text(path: string, name: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new Complaint(
      {
        code: "file-unreadable",
        happened: `${name} cannot be read`,
        traffic: nothingChanged,
        why,
        next: ["gantry serve --config FILE"],
      },
      exitCodes.usage,
    );
  });
}

function taken<Value>(result: Result<Value>): Value {
  if (result.ok) return result.value;
  throw new Complaint({
    code: "config-invalid",
    happened: "Gantry does not start",
    traffic: nothingChanged,
    why: lines(result.problems),
    next: ["gantry validate --policy FILE"],
  });
}

function lines(problems: readonly ConfigProblem[]): string {
  return problems.map(formatProblem).join("\n");
}
