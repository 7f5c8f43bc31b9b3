import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { type GoogleGantry, startGoogleGantry } from "../../cli/rehearse/google-gantry.ts";
import type { GoogleGround } from "../../cli/rehearse/google-ground.ts";
import { googleNames } from "../../cli/runtime/google-settings.ts";
import { type PushSigner, startPushSigner } from "../../emulator/google/push-signer.ts";
import { openFirestore } from "../../shared/adapters/firestore/open-firestore.ts";
import { connectPublisher } from "../../shared/adapters/pubsub/connect-publisher.ts";
import { PubSubBus } from "../../shared/adapters/pubsub/pubsub-bus.ts";
import { topics } from "../../shared/ports/bus.ts";
import { sharedGround, uniqueProject } from "../support/google-emulators.ts";
import { realClock } from "../support/real-clock.ts";
import { silentLog } from "./firestore-engine.ts";

const server = "version: 1\nengine: google\nsweepFor: 900ms\n";
const policy = 'version: 1\nrepositories: [{ repository: "acme/*", services: ["**"] }]\n';

describe("the functions on Google's engine", function () {
  this.timeout(120_000);
  const project = uniqueProject();
  let folder: string;
  let ground: GoogleGround;
  let signer: PushSigner;
  let gantry: GoogleGantry;
  let bus: PubSubBus;
  const ends: (() => Promise<void>)[] = [];
  const lines: string[] = [];

  before(async function () {
    ground = await sharedGround(this);
    folder = await mkdtemp(join(tmpdir(), "gantry-functions-"));
    ends.push(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "gantry.server.yaml"), server);
    await writeFile(join(folder, "gantry.policy.yaml"), policy);
    signer = await startPushSigner();
    ends.push(signer.close);
    gantry = await startGoogleGantry({
      ground,
      project,
      sign: signer.sign,
      log: (line) => lines.push(line),
      env: {
        ...process.env,
        [googleNames.project]: project,
        [googleNames.pubsubEmulator]: ground.pubsub.host,
        [googleNames.firestoreEmulator]: ground.firestore.host,
        [googleNames.serverFile]: join(folder, "gantry.server.yaml"),
        [googleNames.pushAccount]: signer.account,
        [googleNames.pushKeys]: signer.keysUrl,
      },
    });
    ends.push(gantry.close);
    bus = openBus();
  });
  after(async () => {
    for (const end of ends.toReversed()) await end();
  });

  function openBus(): PubSubBus {
    const at = ({ port }: { port: number }) => ({ host: "127.0.0.1", port, insecure: true });
    const connection = connectPublisher({ endpoint: at(ground.pubsub) });
    const firestore = openFirestore({
      project,
      database: "(default)",
      endpoint: at(ground.firestore),
      clock: realClock,
      log: silentLog,
      publish: async () => undefined,
    });
    ends.push(connection.close, firestore.close);
    const { deadLetters } = firestore;
    return new PubSubBus({ connection, place: { project, prefix: "" }, deadLetters, clock: realClock });
  }

  const letters = () => bus.deadLetters({ limit: 50 });

  async function untilLetters(count: number): Promise<Awaited<ReturnType<typeof letters>>> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const found = await letters();
      if (found.length >= count) return found;
      if (Date.now() > deadline)
        throw new Error(`there are ${found.length} dead letters\n${lines.slice(-15).join("\n")}`);
      await sleep(100);
    }
  }

  it("keep what can never be read as a dead letter with its reason, at once, and deliver it again on demand", async () => {
    await bus.publish([
      { topic: topics.work.verify, id: null, data: { service: 5 }, attributes: { kind: "x" } },
    ]);
    const [letter] = await untilLetters(1);
    expect(letter).to.include({ subscription: "verify-work", topic: topics.work.verify, attempts: 1 });
    expect(letter?.message.data).to.deep.equal({ service: 5 });
    expect(letter?.lastError).to.match(/cannot be read: .*service/);
    expect(await bus.replayDeadLetter(letter?.id ?? "")).to.equal(true);
    const again = await untilLetters(2);
    expect(again.map(({ topic }) => topic)).to.deep.equal([topics.work.verify, topics.work.verify]);
    expect(again.find(({ id }) => id === letter?.id)?.replayedAt).to.be.a("number");
  });

  it("keep a message without data, and leave its neighbours alone", async () => {
    const before = (await letters()).length;
    await gantry.publish(topics.builds, { data: Buffer.from(""), attributes: { buildId: "b" } });
    const notice = Buffer.from(JSON.stringify({ id: "b-2", tags: ["nightly"] }));
    await gantry.publish(topics.builds, { data: notice, attributes: {} });
    const found = await untilLetters(before + 1);
    await sleep(500);
    expect((await letters()).length).to.equal(before + 1);
    expect(found[0]).to.include({ subscription: "deploy-builds" });
  });

  const push = JSON.stringify({
    message: { data: "e30=", messageId: "1", publishTime: "2026-01-05T10:00:00Z" },
  });
  const pushTo = async (token: string | null) => {
    const url = `${gantry.functions.verify.url}/projects/${project}/topics/${topics.work.verify}`;
    const headers = {
      "content-type": "application/json",
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    };
    return (await fetch(url, { method: "POST", body: push, headers })).status;
  };

  it("take no push without the token of the one account, for this function", async () => {
    expect(await pushTo(null)).to.equal(401);
    expect(await pushTo("not.a.token")).to.equal(401);
    expect(await pushTo(await signer.sign(gantry.functions.deploy.url))).to.equal(401);
    const stranger = await startPushSigner();
    expect(await pushTo(await stranger.sign(gantry.functions.verify.url))).to.equal(401);
    await stranger.close();
    expect(await pushTo(await signer.sign(gantry.functions.verify.url))).to.equal(204);
  });

  it("tell no secret and no token in their log", () => {
    expect(lines.join("\n")).to.not.match(/Bearer|eyJ[A-Za-z0-9_-]{10}/);
  });
});
