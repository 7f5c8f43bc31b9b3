import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { inFolder, type Ran, runCli } from "../../test/support/cli-harness.ts";
import { localVerbs } from "../local-verbs.ts";

const main = new URL("../main.ts", import.meta.url).pathname;
const serveEnv = { GANTRY_WEBHOOK_SECRETS: "a-secret", GANTRY_TOKENS: "ada=a-token-of-sixteen" };

/** Runs `dev` or `serve` in this process; it is expected to end by itself. */
function run(cwd: string, ...argv: readonly string[]): Promise<Ran> {
  return runCli(argv, { cwd, localVerbs, env: serveEnv });
}

/** The four parts of a complaint, and no trace of a stack. */
function expectComplaint({ exitCode, stdout, stderr }: Ran, code: string, ...next: readonly string[]): void {
  expect(stderr).to.match(
    new RegExp(`^Error: Gantry does not start: .* \\(${code}\\)\n  Traffic: .+\n  Why: +.+\n  Next: `),
  );
  expect(stderr).to.not.match(/\n +at /);
  for (const command of next) expect(stderr).to.include(command);
  expect(exitCode).to.equal(1);
  expect(stdout).to.equal("");
}

async function withTakenPort(use: (port: number) => Promise<void>): Promise<void> {
  const other = createServer();
  await once(other.listen(0, "127.0.0.1"), "listening");
  try {
    await use((other.address() as AddressInfo).port);
  } finally {
    other.close();
  }
}

async function writeServer(folder: string, database: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "gantry.server.yaml"), `database: ${database}\n`);
  await writeFile(
    join(folder, "gantry.policy.yaml"),
    'version: 1\nrepositories: [{ repository: "perkie/api", services: ["**"] }]\n',
  );
}

describe("gantry that cannot start", () => {
  it("says that the port of the console is taken, and how to take another one", () =>
    inFolder((folder) =>
      withTakenPort(async (port) => {
        if (port + 31 > 65_535) return;
        expectComplaint(
          await run(folder, "dev", "--port", String(port)),
          "port-unusable",
          "gantry dev --port ",
        );
        expect(await readdir(join(folder, ".gantry"))).to.not.include("dev.owner");
      }),
    ));

  it("says that a port of the local cloud is taken", () =>
    inFolder((folder) =>
      withTakenPort(async (port) => {
        const ran = await run(folder, "dev", "--port", String(port - 30));
        expectComplaint(ran, "port-unusable", "gantry dev --port ");
        expect(ran.stderr).to.include(`Port ${port} is taken`);
      }),
    ));

  it("says that a port of the local cloud would lie above the last one", () =>
    inFolder(async (folder) => {
      expectComplaint(await run(folder, "dev", "--port", "65530"), "port-unusable", "gantry dev --port 4700");
    }));

  it("says in serve that the port is taken", () =>
    inFolder((folder) =>
      withTakenPort(async (port) => {
        await writeServer(folder, "gantry.db");
        expectComplaint(
          await run(folder, "serve", "--port", String(port)),
          "port-unusable",
          "gantry serve --port ",
        );
      }),
    ));

  it("says that the state folder cannot be written", () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, "file"), "in the way");
      const ran = await run(folder, "dev", "--port", "0", "--state", "file/state");
      expectComplaint(ran, "store-unavailable", "gantry dev --state OTHER_FOLDER");
      await writeServer(folder, "file/gantry.db");
      expectComplaint(
        await run(folder, "serve", "--port", "0"),
        "store-unavailable",
        "gantry serve --db OTHER_FILE",
      );
    }));

  describe("beside a Gantry that runs", () => {
    async function withRunning(use: (folder: string, child: ChildProcess) => Promise<void>): Promise<void> {
      await inFolder(async (folder) => {
        const argv = ["--import", import.meta.resolve("tsx"), main, "dev", "--port", "0", "--json"];
        const child = spawn(process.execPath, argv, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
        const ended = once(child, "exit");
        try {
          if (child.stdout === null) throw new Error("no output");
          await once(createInterface({ input: child.stdout }), "line");
          await use(folder, child);
        } finally {
          child.kill("SIGTERM");
          await ended;
        }
      });
    }

    it("leaves its state alone, also with --fresh, and names the process", () =>
      withRunning(async (folder, child) => {
        for (const more of [[], ["--fresh"]]) {
          const ran = await run(folder, "dev", "--port", "0", ...more);
          expectComplaint(
            ran,
            "store-locked",
            `kill ${child.pid}`,
            "gantry dev --state OTHER_FOLDER --port 4700",
          );
        }
        expect(await readdir(join(folder, ".gantry"))).to.include.members(["gantry.db", "dev.json", "demo"]);
        await writeServer(folder, ".gantry/gantry.db");
        const served = await run(folder, "serve", "--port", "0");
        expectComplaint(served, "store-locked", `kill ${child.pid}`, "gantry serve --db OTHER_FILE");
      })).timeout(30_000);
  });
});
