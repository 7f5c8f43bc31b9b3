import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { rehearsalConfig } from "../../cli/rehearse/rehearsal-config.ts";
import { accessToken } from "../../cli/runtime/access-token.ts";
import { startGantry } from "../../cli/runtime/embedded-process.ts";
import type { GantryProcess } from "../../cli/runtime/gantry-process.ts";
import { connectCloud } from "../../cli/runtime/google-cloud.ts";
import { addressesOf, localPolicy } from "../../cli/runtime/local-gantry.ts";
import { localSlack } from "../../cli/runtime/local-slack.ts";
import { createDemoRepository } from "../../emulator/git/demo-repository.ts";
import { git } from "../../emulator/git/git-command.ts";
import { type LocalCloud, startLocalCloud } from "../../emulator/local-cloud.ts";
import { createJsonLog } from "../../shared/adapters/system/json-log.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import type { ReleaseRecord } from "../../shared/domain/release-record.ts";
import { isEnd } from "../../shared/domain/words.ts";
import { everyDoor } from "../support/every-door.ts";
import { googleClaims, startTokenIssuer } from "../support/token-issuer.ts";

const repository = "perkie/background-removal";
const audience = "https://gantry.example.com";
const secret = (what: string): string =>
  `secret-of-${what}-${createHash("sha256").update(what).digest("hex").slice(0, 24)}`;

/** What a run is given that nobody may see, by name. */
const given = {
  webhook: secret("webhook"),
  github: `ghp_${secret("github")}`,
  session: secret("session"),
  access: secret("access"),
};

/** Gantry on one file before a local cloud, with every secret that it can have, and all that it says. */
class Play {
  readonly log: string[] = [];
  readonly answers: string[] = [];
  readonly secrets = new Map<string, string>(Object.entries(given));
  readonly #gantry: GantryProcess;

  constructor(gantry: GantryProcess) {
    this.#gantry = gantry;
  }

  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const answer = await fetch(this.#gantry.server.url + path, { redirect: "manual", ...init });
    const cookie = /gantry_session=([^;]+)/.exec(answer.headers.get("set-cookie") ?? "")?.[1];
    if (cookie) this.secrets.set(`cookie ${path}`, cookie);
    const headers = [...answer.headers].filter(([name]) => name !== "set-cookie");
    this.answers.push(JSON.stringify(headers), await answer.clone().text());
    return answer;
  }

  /** The release of this tag once it has ended. */
  async release(tag: string): Promise<ReleaseRecord> {
    const { deps, desk, onCommit } = this.#gantry.engine;
    const { releaseId } = await desk.requestRelease({
      requestId: `test/${tag}`,
      repository,
      tag,
      commit: null,
      requestedBy: { kind: "system", name: "test" },
      explicit: true,
    });
    return new Promise((resolve) => {
      const look = async (): Promise<void> => {
        const record = await deps.store.release(releaseId);
        if (record === null || !isEnd(record.status)) return;
        stop();
        resolve(record);
      };
      const stop = onCommit?.(() => void look()) ?? (() => undefined);
      void look();
    });
  }

  /** Every place in which one of the secrets stands, as it is or as base64. */
  async leaks(folder: string): Promise<readonly string[]> {
    const files = (await readdir(folder)).filter((name) => name.startsWith("gantry.db"));
    expect(files).to.not.deep.equal([]);
    const places = [
      ["the log", this.log.join("\n")],
      ["an answer", this.answers.join("\n")],
      ...(await Promise.all(files.map(async (name) => [name, await readFile(join(folder, name), "latin1")]))),
    ];
    return [...this.secrets].flatMap(([name, value]) =>
      places
        .filter(([, text = ""]) =>
          [value, Buffer.from(value).toString("base64").slice(0, -4)].some((form) => text.includes(form)),
        )
        .map(([place]) => `${name} in ${place}`),
    );
  }
}

describe("secrets", function () {
  this.timeout(60_000);

  let folder: string;
  let cloud: LocalCloud;
  let play: Play;
  let close: () => Promise<void>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "gantry-secrets-"));
    const signer = await startTokenIssuer();
    const slack = localSlack(given.webhook);
    cloud = await startLocalCloud({
      directory: join(folder, "cloud"),
      publish: async () => undefined,
      webhook: () => null,
      slack: slack.app,
      timings: { reconcileMs: 20, trafficLagMs: 20, shutdownGraceMs: 200 },
    });
    const addresses = addressesOf(cloud);
    const { disconnect, ...ports } = connectCloud(
      { ...addresses, git: { ...addresses.git, token: given.github } },
      systemClock,
    );
    const { chat, door } = slack.connect(cloud.slack);
    const lines: string[] = [];
    const gantry = await startGantry({
      engine: {
        file: join(folder, "gantry.db"),
        cloud: ports,
        chat,
        sourceSite: null,
        policy: { ...localPolicy, access: { viewers: [], operators: ["robin@example.com"] } },
        log: createJsonLog({ write: (line) => void lines.push(line) }),
        settings: { pollBuildEveryMs: 200, retryMinMs: 20, retryMaxMs: 200 },
      },
      http: {
        host: "127.0.0.1",
        port: 0,
        githubSecrets: [given.webhook],
        tokens: [accessToken("olivia", given.access)],
        sessionSecret: given.session,
        people: { iap: null, signIn: audience, keysUrl: signer.keysUrl },
        publicUrl: null,
        slack: door,
        version: "test",
        mode: "serve",
      },
    });
    play = Object.assign(new Play(gantry), { log: lines });
    play.secrets.set("slack signing", slack.app.signingSecret);
    play.secrets.set("slack token", slack.app.botToken);
    const claims = googleClaims({
      audience,
      email: "robin@example.com",
      atS: Math.floor(Date.now() / 1_000),
    });
    play.secrets.set("identity token", await signer.sign(claims));
    play.secrets.set(
      "identity token for another",
      await signer.sign({ ...claims, aud: "https://other.test" }),
    );
    await createDemoRepository({
      gitRoot: join(folder, "cloud", "git"),
      cloneDirectory: join(folder, "clone"),
      remoteUrl: cloud.git.cloneUrl(repository),
      repository,
      ...rehearsalConfig({}),
    });
    await git(join(folder, "clone"), "push", "--quiet", "gantry", "v1.2.0", "v1.5.0");
    close = async () => {
      await gantry.close();
      await disconnect();
      await cloud.close();
      await signer.close();
    };
  });
  after(async () => {
    await close?.();
    await rm(folder, { recursive: true, force: true });
  });

  it("stand in no line of the log, no answer and nothing that is kept, whatever becomes of a release", async () => {
    expect((await play.release("v1.0.0")).status).to.equal("live");
    cloud.slack.faults.set("down");
    expect((await play.release("v1.2.0")).status).to.equal("failed");
    expect((await play.release("v1.5.0")).status).to.equal("failed");
    await everyDoor((path, init) => play.ask(path, init), play.secrets, given.webhook);
    expect(play.log.length).to.be.greaterThan(10);
    expect(await play.leaks(folder)).to.deep.equal([]);
  });

  it("would be found in each of these places", async () => {
    play.secrets.set("planted", "olivia");
    expect((await play.leaks(folder)).filter((leak) => leak.startsWith("planted"))).to.include(
      "planted in the log",
    );
    play.secrets.set("planted", "v1.2.0");
    const found = await play.leaks(folder);
    expect(found.some((leak) => leak.startsWith("planted in gantry.db"))).to.equal(true);
    play.secrets.set("planted", "token-refused");
    expect(await play.leaks(folder)).to.include("planted in an answer");
    play.secrets.delete("planted");
  });
});
