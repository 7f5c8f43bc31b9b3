import { expect } from "chai";
import { startProcess } from "../../cli/runtime/gantry-process.ts";
import { openGoogleEngine } from "../../cli/runtime/google-engine.ts";
import { topics } from "../../shared/ports/bus.ts";
import { cloudPorts } from "../support/cloud-ports.ts";
import { commitOf, serviceKey } from "../support/fixtures.ts";
import { OutsideWorld, openPolicy } from "../support/function-harness.ts";
import { sharedFirestore, uniqueProject } from "../support/google-emulators.ts";
import { httpOptions } from "../support/http-options.ts";
import { silentLog } from "./firestore-engine.ts";

const nobody = { host: "127.0.0.1", port: 1, insecure: true };
const headers = { authorization: "Bearer a-token-of-ada", "content-type": "application/json" };

/** The HTTP service on Firestore, while nobody answers where Pub/Sub should. */
async function serviceWithoutPubSub(host: string) {
  const [name = "", port = ""] = host.split(":");
  const warned: Readonly<{ message: string; ms: unknown }>[] = [];
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
        log: { ...silentLog, warn: ({ ms }, message) => void warned.push({ message, ms }) },
      }),
    http: httpOptions(),
  });
  return { gantry, warned };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | null = null;
  return () => {
    begun ??= work();
    return begun;
  };
}

describe("an answer of the HTTP service on Google Cloud", function () {
  this.timeout(60_000);

  it("waits for Pub/Sub only where something was to be published, and no longer than somebody can wait; so does closing", async function () {
    const { host } = await sharedFirestore(this);
    const { gantry, warned } = await serviceWithoutPubSub(host);
    const close = once(gantry.close);
    const saying = (text: string) =>
      warned.filter(({ message }) => message.startsWith(text)).map(({ ms }) => ms);
    const late = () => saying("Messages are not published yet");
    const givenUp = () => saying("Could not publish");
    try {
      const url = `${gantry.server.url}/api/v1/freezes`;
      const freeze = { service: "**", reason: "a quiet evening", for: "1h" };
      const post = async () => {
        const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(freeze) });
        expect(answer.status, await answer.text()).to.equal(201);
      };
      await post(); // by now all is loaded
      await post();
      const fact = { topic: topics.events, id: null, data: 1, attributes: { service: serviceKey() } };
      await gantry.engine.deps.store.commit(commitOf({ messages: [fact] }));
      await (await fetch(url, { headers })).text();
      expect(late(), "whoever publishes nothing, and who only asks, waits for nothing").to.deep.equal([]);
      await post();
      expect(late(), "a command is answered though it is not published").to.deep.equal([3_000]);
      expect(givenUp(), "long before Pub/Sub is given up").to.deep.equal([]);
      await close();
      expect(late(), "and Gantry ends").to.deep.equal([3_000, 3_000]);
    } finally {
      await close();
    }
  });
});
