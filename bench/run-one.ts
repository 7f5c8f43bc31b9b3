import { benchmarks } from "./registry.ts";

const [name = "", directory = ""] = process.argv.slice(2);
const benchmark = benchmarks[name];
if (benchmark === undefined) throw new Error(`there is no benchmark ${name}`);
const note = (line: string): void => console.error(`    ${line}`);
const figures = await benchmark.run({ directory, note });
process.send?.({ figures }, () => process.disconnect());
