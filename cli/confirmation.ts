import { interrupted } from "./api-client.ts";
import type { CliIo } from "./cli-io.ts";
import { Complaint, nothingChanged } from "./complaint.ts";
import { exitCodes } from "./exit-code.ts";

type Asked = Readonly<{
  question: string;
  not: string; // what then did not happen, such as "Not rolled back"
  again: string; // the command that does not ask
}>;

/** Asks a person at a terminal; a script, or `--yes`, is not asked. A no is a complaint that ends the verb. */
export async function confirm(
  io: CliIo,
  { yes }: Readonly<{ yes?: true }>,
  { question, not, again }: Asked,
): Promise<void> {
  if (yes || io.ask === null) return;
  const typed = await io.ask(`${question} [y/N] `).catch((error: unknown) => {
    throw io.stopping.aborted ? interrupted() : error;
  });
  if (/^y(es)?$/i.test(typed.trim())) return;
  const text = {
    code: "not-confirmed",
    happened: `${not}: the question was not answered with yes`,
    traffic: nothingChanged,
    why: "",
    next: [again],
  };
  throw new Complaint(text, exitCodes.cancelled);
}
