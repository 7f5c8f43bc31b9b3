import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { beginCli, cliHarness, inFolder, runCli, seen } from "../test/support/cli-harness.ts";
import {
  monday,
  refusal,
  releaseBasics,
  releaseId,
  requested,
  serviceKey,
} from "../test/support/fixtures.ts";
import { operatorToken, viewerToken } from "../test/support/service-harness.ts";

const key = serviceKey();

describe("gantry, as a program", () => {
  const misuses: readonly (readonly [string[], string])[] = [
    [["deploy"], "Nothing was named that is to be released"],
    [["lst"], "Unknown command 'lst'"],
    [["releases"], "A command is missing"],
    [["reject", "release-1"], "Required option '--reason <TEXT>' not specified"],
    [["status", "--watch", "--timeout", "soon"], "It is a duration like 30s"],
    [["releases", "list", "--limit", "0"], "It is a whole number from 1."],
    [["schema", "everything"], "Allowed choices are gantry, policy."],
    [["status", "--url", "ftp://x"], "is no address of a server"],
    [["status"], "No Gantry server is named"],
    [["rollback", "api", "--direct"], "is no project/region/name"],
    [["rollback", key, "--direct", "--endpoint", "here"], "is no endpoint"],
  ];
  for (const [argv, said] of misuses) {
    it(`ends with 64 on \`gantry ${argv.join(" ")}\` and says what to type`, async () => {
      const { exitCode, stdout, stderr } = await runCli(argv);
      expect(exitCode).to.equal(64);
      expect(stdout).to.equal("");
      expect(stderr).to.include(said).and.to.include("  Traffic: ").and.to.include("  Next:    gantry");
    });
  }

  it("writes errors as one JSON document on stderr with --json", async () => {
    const { stdout, stderr, exitCode } = await runCli(["approve", "--json"]);
    expect(stdout).to.equal("");
    expect(exitCode).to.equal(64);
    expect(JSON.parse(stderr).error).to.deep.equal({
      code: "usage",
      message: "Missing required argument 'id'",
      traffic: "Nothing was asked of the server; the traffic is as it was.",
      why: "",
      next: ["gantry approve --help"],
      exitCode: 64,
    });
  });

  it("prints help and version on stdout and ends with 0", async () => {
    expect(await runCli(["--version"])).to.deep.equal({ exitCode: 0, stdout: "0.1.0\n", stderr: "" });
    const { exitCode, stdout, stderr } = await runCli(["status", "--help"]);
    expect(exitCode).to.equal(0);
    expect(stderr).to.equal("");
    expect(stdout).to.include("--watch").and.to.include("$ gantry status background-removal --watch");
  });

  it("has the verbs that run Gantry itself only where they are given, and hands on their exit code", async () => {
    expect((await runCli(["dev"])).exitCode).to.equal(64);
    const got: unknown[] = [];
    const localVerbs = {
      dev: async (options: unknown) => got.push(options),
      serve: async (options: unknown) => got.push(options),
      rehearse: async (options: unknown) => got.push(options),
    };
    const codes = [
      await runCli(["dev", "--port", "0", "--fresh"], { localVerbs }),
      await runCli(["serve", "--db", "x.db", "--json"], { localVerbs }),
      await runCli(["rehearse", "good-release", "--seed", "7"], { localVerbs }),
    ].map(({ exitCode }) => exitCode);
    expect(codes).to.deep.equal([1, 2, 3]);
    expect(got).to.deep.equal([
      { port: 0, fresh: true, state: ".gantry", json: false },
      { config: null, port: null, db: "x.db", json: true },
      { names: ["good-release"], list: false, json: false, seed: 7, engine: "embedded" },
    ]);
  });

  it("tells a bug of its own as such, with exit code 1", async () => {
    const localVerbs = { dev: () => Promise.reject(new Error("boom")) };
    const { exitCode, stderr } = await runCli(["dev"], { localVerbs });
    expect(exitCode).to.equal(1);
    expect(stderr).to.include("(internal-error)").and.to.include("Error: boom");
  });
});

describe("the server that a command asks", () => {
  let harness: Awaited<ReturnType<typeof cliHarness>>;

  before(async () => {
    harness = await cliHarness();
    await harness.tell([requested()]);
  });
  after(() => harness.stop());

  it("is found in the file that `gantry dev` leaves, from any folder below", () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, ".gantry"));
      await mkdir(join(folder, "a", "b"), { recursive: true });
      const file = join(folder, ".gantry", "dev.json");
      await writeFile(file, JSON.stringify({ url: harness.url, token: operatorToken }));
      await chmod(file, 0o600);
      const ran = await runCli(["status"], { cwd: join(folder, "a", "b") });
      expect(ran.exitCode).to.equal(0);
      expect(ran.stdout).to.include(key);
      const flagged = await runCli(["status", "--token", "wrong"], { cwd: folder });
      expect(flagged.exitCode).to.equal(4);
      const elsewhere = await runCli(["status", "--url", "http://127.0.0.1:9"], { cwd: folder });
      expect(elsewhere.exitCode).to.equal(4);
      expect(elsewhere.stderr).to.include("No token is given for http://127.0.0.1:9");
    }));

  it("is told by a flag before the environment", async () => {
    const env = { GANTRY_URL: "http://127.0.0.1:9", GANTRY_TOKEN: "wrong" };
    const argv = ["status", "--url", `${harness.url}/`, "--token", operatorToken];
    expect((await runCli(argv, { env })).exitCode).to.equal(0);
  });

  it("asks to sign in with 4 when the token is unknown, or may only read", async () => {
    const unknown = await harness.run(["status"], { env: { ...harness.env, GANTRY_TOKEN: "wrong" } });
    expect(unknown.exitCode).to.equal(4);
    expect(unknown.stderr).to.include("(unauthenticated)").and.to.include("GANTRY_TOKEN");
    const viewer = { env: { ...harness.env, GANTRY_TOKEN: viewerToken } };
    expect((await harness.run(["status"], viewer)).exitCode).to.equal(0);
    const denied = await harness.run(["deploy", "v1.0.0"], viewer);
    expect(denied.exitCode).to.equal(4);
    expect(denied.stderr).to.include("may read but not change anything");
  });

  it("does not leave it open whether a command may have arrived", async () => {
    const env = { GANTRY_URL: "http://127.0.0.1:9", GANTRY_TOKEN: "x" };
    const read = await runCli(["status"], { env });
    expect(read).to.include({ exitCode: 1, stdout: "" });
    expect(read.stderr).to.include("(server-unreachable)").and.to.include("changed nothing");
    const write = await runCli(["cancel", "release-1"], { env });
    expect(write.stderr).to.include("It is not known whether the command arrived");
  });

  it("is doubted when its answer is not Gantry's, and a token is never carried to another place", async () => {
    const asked: string[] = [];
    const answering =
      (answer: () => Response): typeof fetch =>
      (input) => {
        asked.push(String(input));
        return Promise.resolve(answer());
      };
    for (const answer of [
      () => new Response("<html>", { status: 200 }),
      () => new Response("bad gateway", { status: 502 }),
      () => Response.json({ services: [{ key: 1 }] }),
      () => new Response(null, { status: 302, headers: { location: "http://elsewhere.test/" } }),
    ]) {
      const ran = await harness.run(["status"], { fetch: answering(answer) });
      expect(ran.exitCode).to.equal(1);
      expect(ran.stderr).to.include("(answer-unexpected)");
    }
    expect(asked).to.deep.equal(Array(4).fill(`${harness.url}/api/v1/services`));
  });

  it("is left at once when a person presses Ctrl-C", async () => {
    let asked = false;
    const hanging: typeof fetch = (_input, init) => {
      asked = true;
      return new Promise((_resolve, reject) =>
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
      );
    };
    const running = beginCli(["status"], { env: harness.env, fetch: hanging });
    await seen(() => String(asked), "true");
    running.stop();
    expect((await running.ended).exitCode).to.equal(130);
  });
});

describe("looking at services and releases", () => {
  let harness: Awaited<ReturnType<typeof cliHarness>>;
  const gone = { ...releaseBasics(), id: releaseId("release-2") };

  before(async () => {
    harness = await cliHarness();
    await harness.tell([requested(), { ...requested(gone), releaseId: gone.id }]);
    await harness.store.recordRefusal(refusal({ message: "it says \u001b[31mred\u0007" }));
    harness.dead.push({
      id: "42",
      subscription: "build",
      topic: "gantry-releases",
      message: { topic: "gantry-releases", id: null, data: {}, attributes: {} },
      attempts: 5,
      lastError: "no JSON",
      deadAt: monday,
      replayedAt: null,
    });
  });
  after(() => harness.stop());

  it("lists services in padded columns without colour off a terminal", async () => {
    const { stdout } = await harness.run(["status"]);
    const [head = "", row = ""] = stdout.split("\n");
    expect(head).to.match(/^SERVICE +LIVE +RELEASE +NOW$/);
    expect(row).to.include(`${key}  -     Building  v1.0.0 is being built without cache.`);
    expect(head.indexOf("LIVE")).to.equal(row.indexOf("-     Building"));
  });

  it("colours on a terminal, but not with NO_COLOR", async () => {
    const stdout = { isTty: true, write: () => {} };
    expect((await harness.run(["status"], { stdout })).stdout).to.include("\u001b[36mBuilding\u001b[39m");
    const env = { ...harness.env, NO_COLOR: "1" };
    expect((await harness.run(["status"], { stdout, env })).stdout).to.not.include("\u001b");
  });

  it("shows one service by its name, with the traffic that Cloud Run tells", async () => {
    const { stdout } = await harness.run(["status", "background-removal"]);
    expect(stdout).to.include(key).and.to.include("nothing that Gantry released");
    expect(stdout).to.match(/background-removal-00002 +25 % +g-release-1/);
    const json = JSON.parse((await harness.run(["status", key, "--json"])).stdout);
    expect(json.traffic.effective).to.have.length(2);
  });

  it("names the services that there are when one is unknown", async () => {
    const { exitCode, stderr } = await harness.run(["status", "nothing"]);
    expect(exitCode).to.equal(1);
    expect(stderr).to.include('There is no service "nothing"').and.to.include(`Gantry knows: ${key}`);
  });

  it("lists releases newest first, page by page, with times in the local zone", async () => {
    const { stdout, stderr } = await harness.run(["releases", "list", "--limit", "1"], {
      zone: "Europe/Berlin",
    });
    expect(stdout.trim().split("\n")).to.have.length(2);
    expect(stdout).to.include("2026-01-05 10:00:00 CET");
    const [, cursor = ""] = /--cursor (\S+)/.exec(stderr) ?? [];
    const rest = JSON.parse((await harness.run(["releases", "list", "--cursor", cursor, "--json"])).stdout);
    expect(rest.cursor).to.equal(null);
    const all = JSON.parse(
      (await harness.run(["releases", "list", "--service", "background-removal", "--json"])).stdout,
    );
    expect([...all.releases].slice(1).map(({ id }) => id)).to.deep.equal(
      rest.releases.map(({ id }: { id: string }) => id),
    );
  });

  it("lists and shows refused requests with their problems, without what could steer a terminal", async () => {
    const listed = await harness.run(["releases", "list", "--refused"]);
    expect(listed.stdout).to.include("config-invalid").and.to.include("it says \uFFFD[31mred\uFFFD");
    for (const verb of ["show", "explain"]) {
      const { exitCode, stdout } = await harness.run(["releases", verb, "refusal-1"]);
      expect(exitCode).to.equal(1);
      expect(stdout).to.include("v1.0.0 of perkie/background-removal was refused.");
      expect(stdout).to.include("gantry.yaml:3:5 rollout.steps: the last step must be 100%");
      expect(stdout).to.not.include("\u001b");
    }
    const json = JSON.parse((await harness.run(["releases", "show", "refusal-1", "--json"])).stdout);
    expect(json.refusal.problems).to.have.length(1);
  });

  it("shows a release with all that happened to it", async () => {
    const { stdout } = await harness.run(["releases", "show", "release-1"]);
    expect(stdout).to.include("v1.0.0 of gantry-test/europe-west1/background-removal  Queued");
    expect(stdout).to.include("  2026-01-05 09:00:00 UTC  asked for by ada");
    const json = JSON.parse((await harness.run(["releases", "show", "release-1", "--json"])).stdout);
    expect(json.id).to.equal("release-1");
    expect(json.events).to.have.length(1);
  });

  it("explains a release in four parts", async () => {
    const { stdout, exitCode } = await harness.run(["releases", "explain", "release-1"]);
    expect(exitCode).to.equal(0);
    expect(stdout).to.include("waits for the release before it.");
    for (const part of ["  Traffic  ", "  Why      ", "  Next     "]) expect(stdout).to.include(part);
    const json = JSON.parse((await harness.run(["releases", "explain", "release-1", "--json"])).stdout);
    expect(json).to.include.keys("happened", "traffic", "why", "next");
  });

  it("says that a release is not there, and where to look", async () => {
    const { exitCode, stderr } = await harness.run(["releases", "show", "release-9"]);
    expect(exitCode).to.equal(1);
    expect(stderr).to.include("(release-not-found)").and.to.include("Next:    gantry releases list");
  });

  it("lists dead letters and replays one", async () => {
    expect((await harness.run(["deadletter", "list"])).stdout).to.match(
      /42 +build +5 +2026-01-05 09:00:00 UTC +- +no JSON/,
    );
    expect(await harness.run(["deadletter", "replay", "42"])).to.deep.include({
      exitCode: 0,
      stdout: "42 is delivered again.\n",
    });
    const missing = await harness.run(["deadletter", "replay", "43"]);
    expect(missing.exitCode).to.equal(1);
    expect(missing.stderr).to.include("Next:    gantry deadletter list");
  });
});

describe("telling Gantry what a person decided", () => {
  let harness: Awaited<ReturnType<typeof cliHarness>>;

  beforeEach(async () => {
    harness = await cliHarness();
    await harness.tell([requested()]);
  });
  afterEach(() => harness.stop());

  it("asks for a release and prints its id", async () => {
    const ran = await harness.run(["deploy", "v1.2.0", "--commit", "a".repeat(40)]);
    expect(ran.exitCode).to.equal(0);
    expect(ran.stdout).to.match(/^r-[a-z0-9]{8}\n$/);
    expect(harness.requests[0]).to.deep.include({
      tag: "v1.2.0",
      repository: "perkie/background-removal",
      explicit: true,
    });
    const json = JSON.parse((await harness.run(["deploy", "v1.2.0", "--json"])).stdout);
    expect(json.releaseId).to.match(/^r-/);
  });

  it("takes the repository from the gantry.yaml of the folder, unless it is named", () =>
    inFolder(async (cwd) => {
      const service = "{ project: gantry-test, region: europe-west1, name: api }";
      await writeFile(join(cwd, "gantry.yaml"), `service: ${service}\nsource: { repository: perkie/api }\n`);
      await harness.run(["deploy", "v1.2.0"], { cwd });
      await harness.run(["deploy", "v1.2.0", "--repository", "perkie/other"], { cwd });
      expect(harness.requests.map(({ repository }) => repository)).to.deep.equal([
        "perkie/api",
        "perkie/other",
      ]);
    }));

  it("asks for an image that was built elsewhere, with a tag or as the one that is live", async () => {
    const image = "us-central1-docker.pkg.dev/perkie/gantry/api:by-hand";
    const { stderr } = await harness.run(["deploy", "v1.2.0", "--image", image]);
    expect(stderr).to.include(`v1.2.0 with ${image} is asked for`);
    expect((await harness.run(["deploy", "--image", image])).exitCode).to.equal(0);
    expect(harness.requests[0]).to.include({ tag: "v1.2.0", image });
    expect(harness.requests[1]).to.include({ tag: null, image });
    const wrong = await harness.run(["deploy", "--image", "no image"]);
    expect(wrong.exitCode).to.equal(64);
    expect(harness.requests).to.have.length(2);
  });

  it("refuses a tag that holds more than text, with 64", async () => {
    const { exitCode, stderr } = await harness.run(["deploy", "v1;reboot"]);
    expect(exitCode).to.equal(64);
    expect(stderr).to.include("(tag-invalid)");
    expect(harness.requests).to.deep.equal([]);
  });

  for (const [argv, verb] of [
    [["approve", "release-1"], "approve"],
    [["reject", "release-1", "--reason", "not today"], "reject"],
    [["cancel", "release-1", "--reason", "not today"], "cancel"],
    [["pause", "release-1"], "pause"],
    [["resume", "release-1"], "resume"],
    [["promote", "release-1"], "promote"],
    [
      ["rollback", "background-removal", "--to", "background-removal-00001", "--reason", "not today"],
      "rollBack",
    ],
  ] as const) {
    it(`hands \`gantry ${argv[0]}\` to the desk in the name of the token`, async () => {
      const { exitCode, stdout } = await harness.run(argv);
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 0, stdout: "Done.\n" });
      const [asked] = harness.asked;
      expect(asked?.verb).to.equal(verb);
      expect(asked?.params).to.deep.include({ by: { kind: "person", name: "olivia", via: "api" } });
      if (argv.some((word) => word === "--reason")) expect(asked?.params).to.include({ reason: "not today" });
      if (verb === "rollBack")
        expect(asked?.params).to.include({ service: key, to: "background-removal-00001" });
    });
  }

  it("tells an expected no with its code and the next command", async () => {
    harness.script.answer = {
      ok: false,
      code: "already-exposed",
      message: "It has traffic.",
      next: "gantry rollback x",
    };
    const { exitCode, stderr } = await harness.run(["cancel", "release-1"]);
    expect(exitCode).to.equal(1);
    expect(stderr)
      .to.include("(already-exposed)")
      .and.to.include("It has traffic.")
      .and.to.include("Next:    gantry rollback x");
  });

  it("does not send what was not shown when nothing waits for approval", async () => {
    const { stderr } = await harness.run(["approve", "release-1"]);
    expect(harness.asked[0]?.params).to.include({ approvalId: null });
    expect(stderr).to.equal("");
  });

  it("asks at a terminal before it rolls back, and takes nothing but yes for a yes", async () => {
    const questions: string[] = [];
    const asking = (answer: string) => ({
      ask: async (question: string) => {
        questions.push(question);
        return answer;
      },
    });
    const no = await harness.run(["rollback", key], asking(""));
    expect(no.exitCode).to.equal(2);
    expect(harness.asked).to.deep.equal([]);
    expect((await harness.run(["rollback", key], asking("y"))).exitCode).to.equal(0);
    expect((await harness.run(["rollback", key, "--yes"], asking("no"))).exitCode).to.equal(0);
    expect(questions).to.have.length(2);
    expect(questions[0]).to.include(`Give all traffic of ${key} back to the revision before?`);
  });
});
