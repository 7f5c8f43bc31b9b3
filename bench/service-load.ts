import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { programFiles } from "../bundle/program-files.ts";
import { writeService } from "../bundle/write-bundles.ts";
import { root } from "./built-package.ts";
import { type Figure, mebibytes, ratio, single } from "./figures.ts";
import { processorTime } from "./processor-time.ts";

const run = promisify(execFile);
const hook = "service/hooks/github";
const asText = (path: string): string => JSON.stringify(path);

/**
 * Processor time of the HTTP service: until it has read its settings and listens, as a bundle and from `node_modules`; and of
 * the modules between a webhook and the desk, the same two ways.
 */
export async function serviceLoad(directory: string): Promise<readonly Figure[]> {
  const where = root.replace(/\/$/, "");
  const { folder, bytes } = await writeService({ root: where, folder: join(directory, "container") });
  await run(process.execPath, [join(folder, "compile.mjs")]);
  const env = await settingsIn(directory);
  const at = { cwd: root, env };
  const [name, apart] = ["service: listens, settings read", "service: the same unbundled"];
  const bundled = await processorTime({
    name,
    script: ready(cached(folder), join(folder, "index.mjs")),
    ...at,
  });
  const unbundled = await processorTime({
    name: apart,
    script: ready("", join(root, "dist/service/main.js")),
    ...at,
  });
  const path = await bundledHook(where, join(directory, "hook"));
  return [
    single({ name: "service: bundle", unit: "MiB" }, mebibytes(bytes)),
    bundled,
    unbundled,
    { ...ratio("service: bundle against unbundled", bundled, unbundled), aim: "0.4 ×" },
    await processorTime({
      name: "webhook path, bundled",
      script: loads(cached(path), join(path, "index.mjs")),
      aim: "60 ms",
      ...at,
    }),
    await processorTime({
      name: "webhook path, compiled and unbundled",
      script: loads("", join(root, "dist", `${hook}.js`)),
      ...at,
    }),
  ];
}

async function settingsIn(directory: string): Promise<NodeJS.ProcessEnv> {
  const server = join(directory, "gantry.server.yaml");
  const policy = join(directory, "gantry.policy.yaml");
  await writeFile(server, "version: 1\nslack: { teams: [T0123ABCD], app: A0123ABCD }\n");
  await writeFile(policy, 'version: 1\nrepositories: [{ repository: acme/api, services: ["**"] }]\n');
  return {
    PATH: process.env["PATH"],
    PORT: "0",
    GANTRY_SERVER_FILE: server,
    GANTRY_POLICY_FILE: policy,
    GOOGLE_CLOUD_PROJECT: "acme-ops",
    GANTRY_WEBHOOK_SECRETS: "a-secret",
    GANTRY_TOKENS: "maya=a-token-of-maya-for-the-api",
    GANTRY_SLACK_TOKEN: "xoxb-token",
    GANTRY_SLACK_SIGNING_SECRETS: "a-secret",
  };
}

/** The hook and what it imports, as the bundle of the service has them, with its code compiled. */
async function bundledHook(where: string, folder: string): Promise<string> {
  const { files } = await programFiles(where, { name: "service", entry: `${hook}.ts` });
  await mkdir(join(folder, "chunks"), { recursive: true });
  for (const { path, contents } of files) await writeFile(join(folder, path), contents);
  const script = `${cached(folder)} await import(${asText(join(folder, "index.mjs"))}); nodeModule.flushCompileCache?.();`;
  await run(process.execPath, ["--input-type=module", "--eval", script]);
  return folder;
}

const cached = (folder: string): string =>
  `const { default: nodeModule } = await import("node:module"); nodeModule.enableCompileCache?.(${asText(join(folder, ".compile-cache"))});`;

const began = "const began = process.cpuUsage();";
const ended =
  "const { user, system } = process.cpuUsage(began); said(String((user + system) / 1000)); process.exit();";
const said = "const said = process.stdout.write.bind(process.stdout);";

function loads(first: string, file: string): string {
  return `${said} ${began} ${first} await import(${asText(pathToFileURL(file).href)}); ${ended}`;
}

/** Starts the service, and ends it as soon as it says that it is ready. */
function ready(first: string, file: string): string {
  return `${said} ${began}
process.stdout.write = (line) => { if (!line.includes("Gantry is ready")) return said(line); ${ended} };
${first} const { runService } = await import(${asText(pathToFileURL(file).href)});
process.exit(await runService());`;
}
