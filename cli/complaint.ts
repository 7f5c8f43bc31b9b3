import { type ExitCode, exitCodes } from "./exit-code.ts";

/** Codes of what goes wrong in the CLI itself; each has a heading in docs/errors.md. */
export const cliErrorCodes = [
  "usage",
  "interrupted",
  "server-not-named",
  "server-unreachable",
  "sign-in-needed",
  "answer-unexpected",
  "service-ambiguous",
  "digest-ambiguous",
  "freeze-without-reason",
  "no-services",
  "emulators-missing",
  "still-waiting",
  "not-taken-up",
  "not-confirmed",
  "file-unreadable",
  "files-exist",
  "port-unusable",
  "no-way-back",
  "rollback-unfinished",
  "internal-error",
] as const;

export type CliErrorCode = (typeof cliErrorCodes)[number];

/** The four things that a person is told. `next` is what to type, one command a line. */
export type ComplaintText = Readonly<{
  code: string; // a heading in docs/errors.md
  happened: string;
  traffic: string;
  why: string;
  next: readonly string[];
}>;

/** Ends a verb: what happened, what it means for the traffic, why, what to type next, and the exit code. */
export class Complaint extends Error {
  readonly text: ComplaintText;
  readonly exitCode: ExitCode;

  constructor(text: ComplaintText, exitCode: ExitCode = exitCodes.failed) {
    super(text.happened);
    this.name = "Complaint";
    this.text = text;
    this.exitCode = exitCode;
  }

  /** For a log, where nobody lays the text out: what happened, and why. */
  override toString(): string {
    return `${this.text.happened}: ${this.text.why}`;
  }
}

/** What a command means for the traffic that did not reach its end. */
export const nothingChanged = "This command changed nothing; the traffic is as it was.";

/** A complaint about what was typed. */
export function usageComplaint(
  params: Readonly<{ code?: CliErrorCode; happened: string; why: string; next: readonly string[] }>,
): Complaint {
  return new Complaint({ code: "usage", traffic: nothingChanged, ...params }, exitCodes.usage);
}
