import { randomBytes } from "node:crypto";
import { inflateRawSync } from "node:zlib";
import { expect } from "chai";
import { scenarios } from "../../cli/rehearse/catalogue.ts";
import type { GoogleGround } from "../../cli/rehearse/google-ground.ts";
import { rehearse } from "../../cli/rehearse/rehearsal.ts";
import type { Stage } from "../../cli/rehearse/stage.ts";
import { googleNames } from "../../cli/runtime/google-settings.ts";
import { localSlack } from "../../cli/runtime/local-slack.ts";
import { secretNames } from "../../cli/serve/server-settings.ts";
import type { RelayedPush } from "../../emulator/google/push-relay.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";
import { traceOf } from "../../shared/ports/tracing.ts";
import { everyDoor } from "../support/every-door.ts";
import { sharedGround } from "../support/google-emulators.ts";
import { collector, type OtlpSpan } from "../support/trace-collector.ts";

/** One that goes back by itself; `gantry rehearse --engine google` has them all, and the bad days beside this go live. */
const chosen = "fails-during-rollout";

/** All that a release left in places where people look, by the name of the place. */
type Places = ReadonlyMap<string, string>;

/** Every document of the installation, with what is packed in it as text. */
async function documentsOf(firestore: string, project: string): Promise<string> {
  const root = `http://${firestore}/v1/projects/${project}/databases/(default)/documents`;
  const body = JSON.stringify({ structuredQuery: { from: [{ allDescendants: true }] } });
  const answer = await fetch(`${root}:runQuery`, {
    method: "POST",
    body,
    headers: { authorization: "Bearer owner" },
  });
  const text = await answer.text();
  const packed = [...text.matchAll(/"bytesValue":\s*"([^"]+)"/g)].map(([, base64 = ""]) =>
    inflateRawSync(Buffer.from(base64, "base64")).toString("utf8"),
  );
  return [text, ...packed].join("\n");
}

/** What was pushed, with the data of the message as text. */
function textOf({ body }: RelayedPush): string {
  const { message } = JSON.parse(body);
  return `${body}\n${Buffer.from(String(message.data ?? ""), "base64").toString("utf8")}`;
}

describe("gantry rehearse --engine google", function () {
  this.timeout(240_000);
  let ground: GoogleGround;
  before(async function () {
    ground = await sharedGround(this);
  });
  after(() => stopListening());

  const marked = (of: string): string => `marked-${of}-${randomBytes(12).toString("hex")}`;
  const given = { github: marked("github"), session: marked("session"), collector: marked("collector") };
  const secrets = new Map<string, string>(Object.entries(given));
  const lines: string[] = [];
  const answers: string[] = [];
  const pushes: RelayedPush[] = [];
  const untold: string[] = [];
  let spans: readonly OtlpSpan[] = [];
  let headers: readonly Readonly<Record<string, unknown>>[] = [];
  let places: Places = new Map();
  let releases: readonly ReleaseId[] = [];
  let stopListening = async (): Promise<void> => undefined;

  /** Tries every door of the HTTP service, then reads what is kept. */
  async function lookAt(stage: Stage): Promise<void> {
    const { url = "", token = "" } = stage.gantry.address() ?? {};
    const { webhookSecret, signingSecret } = stage.gantry;
    secrets.set("token", token);
    secrets.set("webhook", webhookSecret);
    secrets.set("slack signing", signingSecret);
    secrets.set("slack token", localSlack(webhookSecret).app.botToken);
    const ask = async (path: string, init: RequestInit = {}): Promise<void> => {
      const answer = await fetch(url + path, { redirect: "manual", ...init });
      const told = [...answer.headers].filter(([name]) => name !== "set-cookie");
      answers.push(JSON.stringify(told), await answer.text());
    };
    await everyDoor(ask, secrets, webhookSecret);
    const project = /projects\/([^/]+)\//.exec(pushes[0]?.body ?? "")?.[1] ?? "";
    places = new Map([
      ["the logs", lines.join("\n")],
      ["an answer", answers.join("\n")],
      ["a message", pushes.map(textOf).join("\n")],
      ["a document", await documentsOf(ground.firestore.host, project)],
      ["a span", JSON.stringify(spans)],
    ]);
  }

  it(`plays ${chosen}, with every secret that Gantry can have and a collector of its traces`, async () => {
    const scenario = scenarios.find(({ name }) => name === chosen);
    if (scenario === undefined) throw new Error(`there is no ${chosen}`);
    const listening = await collector();
    spans = listening.spans;
    headers = listening.headers;
    stopListening = listening.close;
    /** The answer is here: was the span of this delivery there before it? */
    const onDelivery = (push: RelayedPush): void => {
      pushes.push(push);
      if (push.status === 204 && !listening.spans.some((span) => isOf(span, push)))
        untold.push(`${push.subscription} ${push.messageId}`);
    };
    const play = async (stage: Stage): Promise<readonly ReleaseId[]> => {
      releases = await scenario.play(stage);
      await lookAt(stage);
      return releases;
    };
    const env = {
      ...process.env,
      [secretNames.github]: given.github,
      [secretNames.session]: given.session,
      [googleNames.pushAudience]: "https://gantry.example.com", // of the HTTP service; each function has its own
      OTEL_EXPORTER_OTLP_ENDPOINT: listening.url,
      OTEL_EXPORTER_OTLP_HEADERS: `x-key=${given.collector}`,
    };
    const stopping = new AbortController().signal;
    const { rehearsal, log } = await rehearse({
      scenario: { ...scenario, setting: { ...scenario.setting, pushes: { onDelivery } }, play },
      version: "test",
      seed: 1,
      env,
      stopping,
      google: ground,
      hear: (line) => lines.push(line),
    });
    expect(rehearsal.problems, log.slice(-30).join("\n")).to.deep.equal([]);
    expect(rehearsal.outcome).to.equal(scenario.expected);
    expect(rehearsal.ok).to.equal(true);
  });

  it("leaves one trace of it over all processes, from the webhook to the last effect", () => {
    const [id] = releases;
    if (id === undefined) throw new Error("nothing was released");
    const { traceId, spanId } = traceOf(id);
    const own = spans.filter((span) => span.traceId === traceId);
    const names = new Set(own.map(({ name }) => name));
    expect([...names]).to.include.members([
      ...["request release", "receive build-releases", "start-build"],
      ...[
        "deploy-candidate",
        "receive verify-work",
        "verify-candidate",
        "receive rollout-work",
        "move-traffic",
      ],
      ...["watch", "restore-stable", "receive notify-facts", "release"],
    ]);
    const ids = new Set(own.map((span) => span.spanId));
    expect(ids).to.include(spanId);
    const orphans = own.filter(({ parentSpanId }) => parentSpanId && !ids.has(parentSpanId));
    expect(orphans.map(({ name }) => name)).to.deep.equal([]);
    expect(headers.every((one) => one["x-key"] === given.collector)).to.equal(true);
  });

  it("has sent the spans of a delivery before the function answers it", () => {
    expect(pushes.filter(({ status }) => status === 204).length).to.be.greaterThan(10);
    expect(untold).to.deep.equal([]);
  });

  it("leaves no secret in a log, an answer, a message, a document or a span", () => {
    const found = [...secrets].flatMap(([name, value]) =>
      [...places].flatMap(([place, text]) =>
        [value, Buffer.from(value).toString("base64").slice(0, -4)].some((form) => text.includes(form))
          ? [`${name} in ${place}`]
          : [],
      ),
    );
    expect(found).to.deep.equal([]);
    expect(places.get("the logs")).to.not.match(/Bearer|eyJ[A-Za-z0-9_-]{10}/);
  });

  it("would find one in each of these places", () => {
    const known = {
      "the logs": "Recorded an event",
      "an answer": "unauthenticated",
      "a span": "verify-candidate",
    };
    const kept = { "a message": "release-rolled-back", "a document": "candidate-deployed" };
    for (const [place, text] of Object.entries({ ...known, ...kept }))
      expect(places.get(place), place).to.include(text);
  });
});

/** The message id that a span tells is the delivery's. */
function isOf(span: OtlpSpan, { subscription, messageId }: RelayedPush): boolean {
  const label = span.attributes.find(({ key }) => key === "messaging.message.id")?.value.stringValue ?? "";
  return span.name === `receive ${subscription}` && label.startsWith(messageId);
}
