import { expect } from "chai";
import { accessToken } from "../../cli/runtime/access-token.ts";
import { startProcess } from "../../cli/runtime/gantry-process.ts";
import { openGoogleEngine } from "../../cli/runtime/google-engine.ts";
import { topics } from "../../shared/ports/bus.ts";
import { cloudPorts } from "../support/cloud-ports.ts";
import { commitOf, serviceKey } from "../support/fixtures.ts";
import { OutsideWorld, openPolicy } from "../support/function-harness.ts";
import { sharedFirestore, uniqueProject } from "../support/google-emulators.ts";
import { silentLog } from "./firestore-engine.ts";

const nobody = { host: "127.0.0.1", port: 1, insecure: true };
const headers = { authorization: "Bearer a-token-of-ada", "content-type": "application/json" };

/** The HTTP service on Firestore, while nobody answers where Pub/Sub should. */
async function serviceWithoutPubSub(host: string) {
  const [name = "", port = ""] = host.split(":");
  const warned: string[] = [];
  const google = {
    project: uniqueProject(),
    database: "(default)",
    topicPrefix: "",
    emulators: { pubsub: nobody, firestore: { host: name, port: Number(port), insecure: true } },
    push: null,
    files: { server: null, policy: null },
    publicUrl: null,
  };
  const gantry = await startProcess({
    open: (given) =>
      openGoogleEngine({
        ...given,
        google,
        cloud: cloudPorts(new OutsideWorld()),
        chat: null,
        sourceSite: null,
        policy: openPolicy(),
        log: { ...silentLog, warn: (_fields, message) => void warned.push(message) },
      }),
    http: {
      host: "127.0.0.1",
      port: 0,
      githubSecrets: [],
      slack: null,
      tokens: [accessToken("ada", "a-token-of-ada")],
      sessionSecret: null,
      publicUrl: null,
      version: "test",
      mode: "serve",
    },
  });
  return { gantry, warned };
}

/** Three seconds as a timer may count them, and far less than Pub/Sub is tried for. */
const [waitMs, mostMs] = [2_900, 12_000];

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | null = null;
  return () => {
    begun ??= work();
    return begun;
  };
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now();
  await work();
  return performance.now() - beganAt;
}

describe("an answer of the HTTP service on Google Cloud", function () {
  this.timeout(60_000);

  it("waits three seconds for Pub/Sub where something was to be published, and closing no longer than its grace", async function () {
    const { host } = await sharedFirestore(this);
    const { gantry, warned } = await serviceWithoutPubSub(host);
    const close = once(gantry.close);
    try {
      const url = `${gantry.server.url}/api/v1/freezes`;
      const freeze = { service: "**", reason: "a quiet evening", for: "1h" };
      const post = async () => {
        const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(freeze) });
        expect(answer.status, await answer.text()).to.equal(201);
      };
      await post(); // by now all is loaded
      expect(await took(post)).to.be.below(waitMs);
      const fact = { topic: topics.events, id: null, data: 1, attributes: { service: serviceKey() } };
      const commit = () => gantry.engine.deps.store.commit(commitOf({ messages: [fact] }));
      expect(await took(commit)).to.be.below(waitMs);
      expect(await took(() => fetch(url, { headers }))).to.be.below(waitMs);
      expect(await took(post)).to.be.within(waitMs, mostMs);
      expect(await took(close)).to.be.within(waitMs, mostMs);
    } finally {
      await close();
    }
    const late = warned.filter((message) => message.startsWith("Messages are not published yet"));
    expect(late).to.have.length(2);
  });
});
