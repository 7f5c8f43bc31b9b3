import { createServer, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
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
    target: (of) => ({
      url: `${url}/projects/${project}/topics/${topicOf(of)}?of=${of}`,
      answered: () => {},
    }),
    ackDeadlineMs: () => 600_000,
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

  it("goes on when pushes are never answered: they come again after their ack deadline", async () => {
    const taken: string[] = [];
    const deaf = createServer((request, response) => {
      bodyOf(request)
        .then((raw) => {
          const { message, deliveryAttempt } = JSON.parse(raw.toString());
          taken.push(`${message.attributes.name}, attempt ${deliveryAttempt}`);
          if (deliveryAttempt > 1 || message.attributes.name === "third") response.writeHead(204).end();
        })
        .catch(() => response.writeHead(500).end());
    });
    await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
    const address = deaf.address();
    const url = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
    let underWay = 0;
    const relay = await startPushRelay({
      target: () => {
        underWay += 1;
        return { url, answered: () => (underWay -= 1) };
      },
      ackDeadlineMs: () => 500,
      sign: null,
    });
    const admin = await pubsubAdmin({ host, project: uniqueProject() });
    try {
      await admin.createTopics(["facts"]);
      const backoff = { minBackoffMs: 100, maxBackoffMs: 200 };
      const endpoint = relay.endpoint("deaf");
      const patience = { ackDeadlineMs: 600_000, deadLetter: null };
      await admin.subscribe({ name: "deaf", topic: "facts", endpoint, ...backoff, ...patience });
      for (const name of ["first", "second", "third"])
        await admin.publish("facts", { data: Buffer.from("{}"), attributes: { name } });
      while (taken.length < 5 || underWay > 2) await sleep(20); // those two are never answered
      expect(taken.toSorted()).to.deep.equal([
        "first, attempt 1",
        "first, attempt 2",
        "second, attempt 1",
        "second, attempt 2",
        "third, attempt 1",
      ]);
    } finally {
      deaf.closeAllConnections();
      deaf.close();
      await Promise.all([relay.close(), admin.close()]);
    }
  });

  it("is not taken for another one that serves at the port it was to have", async function () {
    const programs = await ownPrograms(this);
    const refused = await startPubSubEmulator(programs, Number(host.split(":")[1])).then(
      ({ stop }) => stop().then(() => "it started"),
      (error: unknown) => String(error),
    );
    expect(refused).to.contain("Address already in use");
  });
});
