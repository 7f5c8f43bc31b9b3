import { Command, CommanderError } from "commander";
import { addApprove } from "./approve.ts";
import { addCancel } from "./cancel.ts";
import type { CliIo } from "./cli-io.ts";
import { Complaint, type ComplaintText } from "./complaint.ts";
import { addCost } from "./cost.ts";
import { addDeadLetter } from "./deadletter/commands.ts";
import { addDeploy } from "./deploy.ts";
import { addDev } from "./dev.ts";
import { exitCodeMeanings, exitCodes } from "./exit-code.ts";
import { addFreeze } from "./freeze/commands.ts";
import { createOutput } from "./output.ts";
import { addPause } from "./pause.ts";
import { addPromote } from "./promote.ts";
import { addQuarantine } from "./quarantine/commands.ts";
import { addRehearse } from "./rehearse.ts";
import { addReject } from "./reject.ts";
import { addReleases } from "./releases/commands.ts";
import { addResume } from "./resume.ts";
import { addRollback } from "./rollback.ts";
import { addSchema } from "./schema.ts";
import { addServe } from "./serve.ts";
import { addSlack } from "./slack/commands.ts";
import { addStatus } from "./status.ts";
import { addValidate } from "./validate.ts";
import type { Verb } from "./verb.ts";
import { addWarm } from "./warm.ts";

const helpWidth = 110;

/** Runs one command line (without node and script) and gives its exit code. Never throws. */
export async function runProgram(argv: readonly string[], io: CliIo): Promise<number> {
  let ended: number = exitCodes.done;
  const finish = (exitCode: number) => {
    ended = exitCode;
  };
  const program = buildProgram({ io, finish });
  try {
    await program.parseAsync(argv, { from: "user" });
    return ended;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done; // help and version
    const { text, exitCode } = complaintOf(error, `${wordsOf(program, argv)} --help`);
    createOutput(io, { isJson: argv.includes("--json") }).complain(text, exitCode);
    return exitCode;
  }
}

/** The whole of the CLI; a verb of `io.localVerbs` that is not there is left out. */
export function buildProgram(verb: Verb): Command {
  const { io } = verb;
  const program = new Command("gantry")
    .description("A pushed tag goes live on Cloud Run, or the old revision keeps serving.")
    .version(io.version)
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({
      writeOut: io.stdout.write,
      writeErr: () => {}, // `tell` says it, in four parts
      getOutHelpWidth: () => helpWidth,
      getErrHelpWidth: () => helpWidth,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText("after", `\nExit codes:\n${meanings()}`);
  addVerbs(program, verb);
  return program;
}

function addVerbs(program: Command, verb: Verb): void {
  const { dev, serve, rehearse } = verb.io.localVerbs;
  if (dev !== undefined) addDev(program, verb, dev);
  if (serve !== undefined) addServe(program, verb, serve);
  addDeploy(program, verb);
  addStatus(program, verb);
  addCost(program, verb);
  addReleases(program, verb);
  addApprove(program, verb);
  addReject(program, verb);
  addPause(program, verb);
  addResume(program, verb);
  addPromote(program, verb);
  addCancel(program, verb);
  addRollback(program, verb);
  addFreeze(program, verb);
  addQuarantine(program, verb);
  addWarm(program, verb);
  if (rehearse !== undefined) addRehearse(program, verb, rehearse);
  addValidate(program, verb);
  addSchema(program, verb);
  addSlack(program, verb);
  addDeadLetter(program, verb);
}

function meanings(): string {
  return exitCodeMeanings.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`).join("\n");
}

/** `gantry releases list` out of a command line that begins with it. */
function wordsOf(program: Command, argv: readonly string[]): string {
  const [first, ...rest] = argv;
  const next = program.commands.find((command) => command.name() === first);
  return next === undefined ? program.name() : `${program.name()} ${wordsOf(next, rest)}`;
}

function complaintOf(error: unknown, help: string): Readonly<{ text: ComplaintText; exitCode: number }> {
  if (error instanceof Complaint) return error;
  if (error instanceof CommanderError) return { text: usageText(error, help), exitCode: exitCodes.usage };
  const text = {
    code: "internal-error",
    happened: "The command broke off; this is a bug of the CLI",
    traffic: "What runs in Gantry goes on without this command.",
    why: error instanceof Error ? (error.stack ?? error.message) : String(error),
    next: ["gantry status"],
  };
  return { text, exitCode: exitCodes.failed };
}

function usageText(error: CommanderError, help: string): ComplaintText {
  const traffic = "Nothing was asked of the server; the traffic is as it was.";
  return { code: "usage", happened: usageHappened(error), traffic, why: "", next: [help] };
}

function usageHappened({ message, code }: CommanderError): string {
  if (code === "commander.help") return "A command is missing";
  const text = message.replace(/^error: /, "").replaceAll("\n", " ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
