import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ImageSource, ProcessImage } from "../../images/process-image.ts";

/** A server that tells who it is: `/`, `/slow?ms=`, `/exit` (ends in the middle), `/env?name=`, everything else by SERVE_STATUS. */
export const GOOD_SERVER = `
const http = require("node:http");
let busy = 0;
let most = 0;
const server = http.createServer((request, response) => {
  const url = new URL(request.url, "http://x");
  if (url.pathname === "/exit") return process.exit(7);
  if (url.pathname === "/env") return response.end(String(process.env[url.searchParams.get("name")]));
  busy += 1;
  most = Math.max(most, busy);
  setTimeout(() => {
    busy -= 1;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ version: process.env.VERSION, revision: process.env.K_REVISION, pid: process.pid, path: request.url, most }));
  }, Number(url.searchParams.get("ms") ?? 0));
});
server.listen(Number(process.env.PORT), () => console.log("listening as " + process.env.VERSION));
`;

export const CRASHING_SERVER = `console.error("cannot find the model"); process.exit(3);`;

export const SILENT_SERVER = `setInterval(() => undefined, 1000);`;

export const WRONG_PORT_SERVER = `require("node:http").createServer((_q, r) => r.end("x")).listen(0);`;

/** Images made of one script each, in a folder that `remove` deletes. References are the names given here. */
export class ContainerFolder implements ImageSource {
  readonly directory: string;
  readonly #images = new Map<string, ProcessImage>();

  /** @param directory an existing folder; default a new one. */
  constructor(directory: string = mkdtempSync(join(tmpdir(), "gantry-run-test-"))) {
    this.directory = directory;
  }

  add(reference: string, script: string): string {
    const rootDirectory = join(this.directory, reference.replaceAll(/[^a-z0-9]/g, "-"));
    mkdirSync(join(rootDirectory, "app"), { recursive: true });
    writeFileSync(join(rootDirectory, "app", "server.cjs"), script);
    this.#images.set(reference, {
      digest: `sha256:${"0".repeat(64)}`,
      rootDirectory,
      workingDirectory: "/app",
      command: ["node", "/app/server.cjs"],
      env: { VERSION: reference },
    });
    return reference;
  }

  resolve(reference: string): Promise<ProcessImage | null> {
    return Promise.resolve(this.#images.get(reference) ?? null);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
