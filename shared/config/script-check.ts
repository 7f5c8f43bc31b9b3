import { gcloudCall } from "./gcloud-call.ts";
import { inFileOrder } from "./problem.ts";
import { advisedScriptFinding, type RawScriptFinding, type ScriptFinding } from "./script-finding.ts";
import { type BuildLookup, commandFindings, localDockerFindings } from "./script-rules.ts";
import { readShellScript, type ShellCommand } from "./shell-script.ts";

type Script = Readonly<{
  text: string;
  file: string;
  line: number; // of the first line of the text in the file, 1-based
  lookup: BuildLookup;
}>;

/** What the commands of a shell script do to traffic, image and cost, in the order of the file. Nothing is run. */
export function checkScript({ text, file, line, lookup }: Script): readonly ScriptFinding[] {
  const { commands, unclosed } = readShellScript(text, { line, column: 1 });
  const raw = [
    ...commands.flatMap((command) => commandFindings(command, lookup)),
    ...commands.flatMap(localDockerFindings),
    ...lockFindings(commands),
  ];
  const open: RawScriptFinding[] =
    unclosed === null ? [] : [{ code: "never-closes", place: unclosed, message: "opens and never closes" }];
  return inFileOrder([...raw, ...open].map((finding) => advisedScriptFinding(finding, file)));
}

/** Said once a script, at the first command that builds or deploys. */
function lockFindings(commands: readonly ShellCommand[]): readonly RawScriptFinding[] {
  const writes = commands.map(gcloudCall).find((call) => call !== null && writing.includes(call.verb));
  if (writes === undefined || writes === null) return [];
  return [{ code: "no-lock", place: writes.word, message: "nothing keeps a second run of this apart" }];
}

const writing: readonly string[] = ["builds submit", "run deploy"];
