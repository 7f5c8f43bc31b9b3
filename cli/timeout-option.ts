import { InvalidArgumentError } from "commander";
import { parseDuration } from "../shared/config/units.ts";

/** Reads the value of `--timeout` in milliseconds; commander tells the person when it is none. */
export function timeoutOption(text: string): number {
  const ms = parseDuration(text);
  if (ms !== null && ms <= 2 ** 31 - 1) return ms;
  throw new InvalidArgumentError("It is a duration like 30s, 10m or 1h30m, at most 24d.");
}
