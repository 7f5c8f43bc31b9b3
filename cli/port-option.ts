import { InvalidArgumentError } from "commander";

/** Reads the value of `--port`; 0 = any free one. */
export function portOption(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError("It is a number from 0 to 65535; 0 takes any free port.");
}
