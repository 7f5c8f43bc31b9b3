import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { textFile } from "./framework-files.ts";
import { type ProgramFiles, programFiles } from "./program-files.ts";
import { cloudBuildFile, dockerfile } from "./service-image.ts";

/** Starts the service, with V8's compiled code where the image holds it; Node 20 has no such cache and starts without. */
const start = `import { existsSync } from "node:fs";
import nodeModule from "node:module";
import { fileURLToPath } from "node:url";
const cache = fileURLToPath(new URL(".compile-cache", import.meta.url));
if (process.env.NODE_COMPILE_CACHE === undefined && existsSync(cache)) nodeModule.enableCompileCache?.(cache);
const { runService } = await import("./index.mjs");
process.exit(await runService());
`;

/**
 * Loads whatever the service may ever load, then starts it and asks for what it answers without Google: all of that is compiled
 * into the cache. Fails when a part cannot be loaded, or an answer is another one.
 */
const compile = `import { createHmac } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import nodeModule from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
const at = (path) => new URL(path, import.meta.url);
nodeModule.enableCompileCache?.(fileURLToPath(at(".compile-cache")));
const fail = (what) => {
  console.error(what);
  process.exitCode = 1;
};
const { runService } = await import(at("index.mjs").href);
for (const name of readdirSync(at("chunks/")))
  await import(at("chunks/" + name).href).catch((error) => /is bundled without/.test(error.message) || fail(name + ": " + error.stack));

const folder = mkdtempSync(join(tmpdir(), "gantry-compile-"));
const file = (name, text) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
Object.assign(process.env, {
  GANTRY_SERVER_FILE: file("gantry.server.yaml", "version: 1\\nslack: { teams: [T0000], app: A0000 }\\n"),
  GANTRY_POLICY_FILE: file("gantry.policy.yaml", 'version: 1\\nrepositories: [{ repository: "a/b", services: ["**"] }]\\n'),
  GOOGLE_CLOUD_PROJECT: "compile-only",
  GANTRY_WEBHOOK_SECRETS: "compile",
  GANTRY_TOKENS: "compile=" + "0".repeat(32),
  GANTRY_SLACK_TOKEN: "compile",
  GANTRY_SLACK_SIGNING_SECRETS: "compile",
  PORT: "0",
});
const body = JSON.stringify({ ref: "refs/heads/main", before: "0".repeat(40), repository: { full_name: "a/b" }, pusher: { name: "a" } });
const signed = "sha256=" + createHmac("sha256", "compile").update(body).digest("hex");
const hook = (signature) => ({
  method: "POST",
  body,
  headers: { "content-type": "application/json", "x-github-event": "push", "x-github-delivery": "00000000", "x-hub-signature-256": signature },
});
const asked = [
  ["/hooks/github", hook(signed), 202],
  ["/hooks/github", hook("sha256=0"), 401],
  ["/hooks/slack", { method: "POST", body: "payload=0" }, 401],
  ["/login", {}, 200],
  ["/assets/console.js", {}, 200],
  ["/api/v1", {}, 401],
];
const say = process.stdout.write.bind(process.stdout);
const ready = new Promise((resolve) => {
  process.stdout.write = (line) => {
    const fact = JSON.parse(line);
    if (fact.url) resolve(fact.url);
    if (fact.severity !== "INFO") say(line);
    return true;
  };
});
const ended = runService();
const url = await Promise.race([ready, ended]);
if (typeof url === "string") {
  const base = url.replace("0.0.0.0", "127.0.0.1");
  for (const [path, request, expected] of asked) {
    const { status } = await fetch(base + path, request);
    if (status !== expected) fail(path + " answers " + status + " and not " + expected);
  }
  process.kill(process.pid, "SIGTERM");
}
if ((await ended) !== 0) process.exitCode = 1;
rmSync(folder, { recursive: true });
nodeModule.flushCompileCache?.();
process.exit();
`;

/** The HTTP service as a folder from which a container is built, and which needs nothing but itself. */
export async function serviceFiles(root: string): Promise<ProgramFiles> {
  const { files, maps } = await programFiles(root, { name: "service", entry: "service/main.ts" });
  return {
    files: [
      ...files,
      textFile("start.mjs", start),
      textFile("compile.mjs", compile),
      textFile("package.json", packageOf(await versionOf(root))),
      textFile("Dockerfile", dockerfile),
      textFile("cloudbuild.yaml", cloudBuildFile),
    ],
    maps,
  };
}

function packageOf(version: string): string {
  const description = { name: "gantry-service", private: true, version, type: "module", main: "index.mjs" };
  return `${JSON.stringify(description, null, 2)}\n`;
}

async function versionOf(root: string): Promise<string> {
  const whole: unknown = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const isNamed = typeof whole === "object" && whole !== null && "version" in whole;
  if (!isNamed || typeof whole.version !== "string") throw new Error("package.json names no version.");
  return whole.version;
}
