import { createServer, type IncomingMessage } from "node:http";
import { expect } from "chai";
import { startPubSubEmulator } from "../../emulator/google/google-emulator.ts";
import { pubsubAdmin } from "../../emulator/google/pubsub-admin.ts";
import { startPushRelay } from "../../emulator/google/push-relay.ts";
import { memoryDeadLetters } from "../../shared/adapters/memory/memory-dead-letters.ts";
import { connectPublisher } from "../../shared/adapters/pubsub/connect-publisher.ts";
import { deadLetterMessage, readDeadLetter } from "../../shared/adapters/pubsub/dead-letter-message.ts";
import { PubSubBus } from "../../shared/adapters/pubsub/pubsub-bus.ts";
import { createPushReceiver } from "../../shared/adapters/pubsub/push-receiver.ts";
import { deadLetterTopic } from "../../shared/install/google-parts.ts";
import type { Subscription } from "../../shared/ports/bus.ts";
import { busContract, type OpenedBus } from "../contracts/bus.contract.ts";
import { ownPrograms, sharedPubSub, uniqueProject } from "../support/google-emulators.ts";
import { realClock } from "../support/real-clock.ts";
import { silentLog } from "./firestore-engine.ts";

/** Shortest that the emulator takes; on Google Cloud an ack deadline has 10 s at least. */
const timing = { ackDeadlineMs: 5_000, minBackoffMs: 100, maxBackoffMs: 400 };

/** Topics that the contract publishes on. */
const topics = ["gantry-contract", "gantry-contract-other", "gantry-contract-slow", deadLetterTopic];

/** The bus in a project of its own: pushes go through the relay to a server that takes them as a function does. */
async function openBus(host: string): Promise<OpenedBus> {
  const project = uniqueProject();
  const place = { project, prefix: "" };
  const [name = "", port = ""] = host.split(":");
  const connection = connectPublisher({ endpoint: { host: name, port: Number(port), insecure: true } });
  const deadLetters = memoryDeadLetters();
  const bus = new PubSubBus({ connection, place, deadLetters, clock: realClock });
  const admin = await pubsubAdmin({ host, project });
  await admin.createTopics(topics);
  const heard: Subscription[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://local");
    const subscriptions = heard.filter((one) => one.name === searchParams.get("of"));
    const receive = createPushReceiver({
      place,
      subscriptions,
      layAside: (given) => bus.publishAsIs(deadLetterTopic, [deadLetterMessage(given)]),
      clock: realClock,
      log: silentLog,
    });
    bodyOf(request)
      .then((raw) =>
        receive({ headers: request.headers, path: pathname, body: JSON.parse(raw.toString()), raw }),
      )
      .then((outcome) => response.writeHead(outcome === "again" ? 500 : 204).end())
      .catch(() => response.writeHead(500).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
  const topicOf = (of: string) => heard.find((one) => one.name === of)?.topic ?? "";
  const relay = await startPushRelay({
    target: (of) => `${url}/projects/${project}/topics/${topicOf(of)}?of=${of}`,
    sign: null,
  });
  const letters: Subscription = {
    ...timing,
    name: deadLetterTopic,
    topic: deadLetterTopic,
    maxAttempts: Number.POSITIVE_INFINITY,
    handler: (event) => deadLetters.keep(readDeadLetter(event, { known: heard, place })),
  };
  return {
    bus,
    timing,
    begin: async (subscriptions) => {
      heard.push(...subscriptions, letters);
      for (const { maxAttempts, ...one } of heard) {
        const deadLetter = one.name === deadLetterTopic ? null : { topic: deadLetterTopic, maxAttempts };
        await admin.subscribe({ ...one, endpoint: relay.endpoint(one.name), deadLetter });
      }
    },
    pass: (ms) => realClock.sleep({ ms, signal: new AbortController().signal }),
    close: async () => {
      await relay.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await Promise.all([admin.close(), connection.close()]);
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/**
 * What the emulator cannot show: that Pub/Sub itself counts attempts (the relay does it in its place), and that a message with
 * the id of one that another process published is dropped (Pub/Sub keeps no such ids, and nobody relies on it).
 */
describe("Pub/Sub, on Google's emulator,", function () {
  this.timeout(60_000);
  let host: string;
  before(async function () {
    ({ host } = await sharedPubSub(this));
  });

  busContract({ name: "Pub/Sub", open: () => openBus(host) });

  it("is not taken for another one that serves at the port it was to have", async function () {
    const programs = await ownPrograms(this);
    const refused = await startPubSubEmulator(programs, Number(host.split(":")[1])).then(
      ({ stop }) => stop().then(() => "it started"),
      (error: unknown) => String(error),
    );
    expect(refused).to.contain("Address already in use");
  });
});
