import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { interrupted } from "../api-client.ts";
import type { CliIo } from "../cli-io.ts";
import { Complaint, nothingChanged, usageComplaint } from "../complaint.ts";
import { exitCodes } from "../exit-code.ts";
import type { InitOptions } from "../init.ts";
import { createOutput, type Output } from "../output.ts";
import { type Answers, flagFor, type Question, questionsFor, taken } from "./answers.ts";
import { lookAround } from "./surroundings.ts";
import { gantryYamlOf, policyOf, problemsOf, type WrittenFile } from "./written-files.ts";

/** Asks, writes both files or none, and says what to do next. */
export async function runInit(options: InitOptions, io: CliIo): Promise<number> {
  const out = createOutput(io, { isJson: options.json === true });
  const found = await lookAround(io.cwd);
  const root = found.top ?? io.cwd;
  const answers = await answersTo(questionsFor(found, io.env), options, { io, out });
  const gantry = { path: join(root, "gantry.yaml"), text: gantryYamlOf(answers) };
  const policy =
    options.policy === "-"
      ? null
      : { path: resolve(io.cwd, options.policy), text: policyOf(answers, found.branch) };
  const files = policy === null ? [gantry] : [gantry, policy];
  refuseToOverwrite(files, options);
  const problems = problemsOf(gantry, policy);
  if (problems.length > 0) throw unfit(problems);
  for (const { path, text } of files) await writeFile(path, text, { flag: options.force ? "w" : "wx" });
  const next = nextSteps(answers, { policy, hasRemote: found.repository !== null });
  if (out.isJson) out.json({ files: files.map(({ path }) => path), answers, next });
  else for (const { path } of files) out.line(`wrote ${path}`);
  if (found.top === null)
    out.note("This folder is in no git repository; gantry.yaml belongs at the top of one: git init");
  if (!found.directories.includes(answers.directory))
    out.note(
      `There is no ${join(answers.directory, "Dockerfile")} here, from which Gantry builds unless build.config says otherwise.`,
    );
  out.note("Next:");
  for (const line of next) out.note(`  ${line}`);
  return exitCodes.done;
}

type Way = Readonly<{ io: CliIo; out: Output }>;

async function answersTo(questions: readonly Question[], options: InitOptions, way: Way): Promise<Answers> {
  const said: { -readonly [Key in keyof Answers]: string } = {
    project: "",
    region: "",
    service: "",
    repository: "",
    tags: "",
    directory: "",
    health: "",
    approvers: "",
    slack: "",
  };
  const silent = options.yes === true || options.json === true || way.io.ask === null;
  if (silent)
    refuseUnknown(questions.filter((one) => flagFor(options, one) === null && one.offered === null));
  for (const question of questions) {
    const flag = flagFor(options, question);
    said[question.key] =
      flag !== null || silent ? fromFlag(question, flag) : await askUntilTaken(question, way);
  }
  return said;
}

/** Every flag that is missing, at once: who types them one after the other is told of the next one each time. */
function refuseUnknown(unknown: readonly Question[]): void {
  if (unknown.length === 0) return;
  const flags = unknown.map(({ flag }) => flag);
  throw usageComplaint({
    happened: `${flags.join(", ")} ${flags.length === 1 ? "is" : "are"} missing`,
    why: unknown
      .map(({ words }) => `${words}: neither git nor the folder tells it, and nobody can be asked.`)
      .join("\n"),
    next: [`gantry init ${flags.map((flag) => `${flag} VALUE`).join(" ")}`],
  });
}

function fromFlag(question: Question, flag: string | null): string {
  const { flag: name, words, offered } = question;
  const text = flag ?? offered ?? "";
  const answer = taken(question, text);
  if (answer.ok) return answer.value;
  throw usageComplaint({
    happened: `${JSON.stringify(text)} is no ${name}`,
    why: `${words}: ${answer.why}`,
    next: [`gantry init ${name} VALUE`],
  });
}

async function askUntilTaken(question: Question, { io, out }: Way): Promise<string> {
  const { ask } = io;
  if (ask === null) return fromFlag(question, null);
  const { words, offered } = question;
  for (;;) {
    const typed = await ask(`${words}${offered === null ? "" : ` [${offered}]`}: `).catch(
      (error: unknown) => {
        throw io.stopping.aborted ? interrupted() : error;
      },
    );
    const answer = taken(question, typed.trim() === "" ? (offered ?? "") : typed);
    if (answer.ok) return answer.value;
    out.note(`  It ${answer.why}.`);
  }
}

function refuseToOverwrite(files: readonly WrittenFile[], { force }: InitOptions): void {
  const there = files.filter(({ path }) => existsSync(path));
  if (there.length === 0 || force) return;
  const text = {
    code: "files-exist",
    happened: `Nothing was written: ${there.map(({ path }) => path).join(" and ")} ${there.length === 1 ? "is" : "are"} there already`,
    traffic: nothingChanged,
    why: "A file that somebody wrote is overwritten only when that is asked for.",
    next: ["gantry validate", "gantry init --force"],
  };
  throw new Complaint(text, exitCodes.usage);
}

/** The files are held against Gantry's own parsers before they are written. */
function unfit(problems: readonly string[]): Complaint {
  return new Complaint({
    code: "config-invalid",
    happened: "Nothing was written: Gantry would refuse these files",
    traffic: nothingChanged,
    why: problems.join("\n"),
    next: ["gantry init"],
  });
}

function nextSteps(
  { tags, repository }: Answers,
  { policy, hasRemote }: Readonly<{ policy: WrittenFile | null; hasRemote: boolean }>,
): readonly string[] {
  const tag = tags.replace("*", "0").replace("*", "1").replaceAll("*", "0");
  return [
    policy === null ? "gantry validate" : `gantry validate --policy ${policy.path}`,
    "git add gantry.yaml && git commit -m 'Release with Gantry'",
    "gantry doctor",
    ...(hasRemote ? [] : [`git remote add origin https://github.com/${repository}.git`]),
    `git push origin HEAD && git tag ${tag} && git push origin ${tag}`,
  ];
}
