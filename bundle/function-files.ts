import type { FunctionName } from "../shared/install/google-parts.ts";
import { installedRuntime } from "../shared/install/node-runtimes.ts";
import { textFile } from "./framework-files.ts";
import { frameworkBeside } from "./left-out.ts";
import { type ProgramFiles, programFiles } from "./program-files.ts";

/** One function as Cloud Functions takes it. */
export async function functionFiles(root: string, name: FunctionName): Promise<ProgramFiles> {
  const { files, maps } = await programFiles(root, {
    name,
    entry: "functions/main.ts",
    plugins: [frameworkBeside],
  });
  return { files: [...files, textFile("package.json", packageOf(name))], maps };
}

/** `gcp-build` runs in Google's build, on the Node that will run the function. */
function packageOf(name: FunctionName): string {
  const description = {
    name: `gantry-${name}`,
    private: true,
    type: "module",
    main: "index.mjs",
    engines: { node: `${installedRuntime.replace("nodejs", "")}.x` },
    scripts: { start: "node framework/start.cjs", "gcp-build": "node framework/compile.cjs" },
    dependencies: { "@google-cloud/functions-framework": "file:./framework" },
  };
  return `${JSON.stringify(description, null, 2)}\n`;
}
