import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Figure, spread } from "./figures.ts";

const run = promisify(execFile);
const runs = 7;

/** Runs a script that prints the milliseconds of processor time that it took, each time in a new process. */
export async function processorTime(
  params: Readonly<{ name: string; script: string; aim?: string; cwd: string; env?: NodeJS.ProcessEnv }>,
): Promise<Figure> {
  const { name, script, aim, ...at } = params;
  const measure = async (): Promise<number> => {
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], at);
    const took = Number(stdout);
    if (!(took > 0)) throw new Error(`${name}: ${stdout}`);
    return took;
  };
  const took: number[] = [];
  await measure(); // the first one reads from the disk
  for (let turn = 0; turn < runs; turn += 1) took.push(await measure());
  return spread({ name, unit: "ms", ...(aim === undefined ? {} : { aim }) }, took);
}
