import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createApp } from "../../service/app.ts";
import { defaultStream, type ServiceDeps } from "../../service/service-deps.ts";
import { MemoryFreezes } from "../../shared/adapters/memory/memory-freezes.ts";
import { MemoryStore } from "../../shared/adapters/memory/memory-store.ts";
import type { Policy } from "../../shared/domain/policy.ts";
import type { Bus, DeadLetter } from "../../shared/ports/bus.ts";
import type { ServiceSnapshot } from "../../shared/ports/run.ts";
import type { Answer, Desk, ReleaseRequest } from "../../shared/usecases/desk.ts";
import { createFreezeDesk } from "../../shared/usecases/freeze-desk.ts";
import type { ReleasePlan } from "../../shared/usecases/plan-release.ts";
import { releaseIdFor } from "../../shared/usecases/release-id.ts";
import { monday, releaseId, revisionName, serviceKey } from "./fixtures.ts";
import { openPolicy } from "./function-harness.ts";
import { ManualClock } from "./manual-clock.ts";

export const githubSecret = "It's a Secret to Everybody";
export const olderSecret = "the one before";
export const operatorToken = "operator-token-1";
export const viewerToken = "viewer-token-1";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

type LogLine = Readonly<{ level: string; message: string } & Record<string, unknown>>;

type Asked = Readonly<{ verb: string; params: Readonly<Record<string, unknown>> }>;

/** The HTTP process on the memory store, with a desk that writes down what it was asked. */
export function serviceHarness(changes: Partial<ServiceDeps> = {}, policy: Policy = openPolicy()) {
  const clock = new ManualClock(monday);
  const store = new MemoryStore({ clock, outbox: () => undefined });
  const requests: ReleaseRequest[] = [];
  const asked: Asked[] = [];
  const lines: LogLine[] = [];
  const dead: DeadLetter[] = [];
  const listeners = new Set<() => void>();
  const script: { answer: Answer; plan: ReleasePlan } = {
    plan: { outcome: "refused", code: "tag-not-found", message: "No such tag.", problems: [], service: null },
    answer: { ok: true, releaseId: releaseId(), status: "cancelled", message: "Done." },
  };
  const answering = (verb: string) => async (params: Asked["params"]) => {
    asked.push({ verb, params });
    return script.answer;
  };
  const desk: Desk = {
    requestRelease: async (request) => {
      requests.push(request);
      return { releaseId: releaseIdFor(request.requestId) };
    },
    cancel: answering("cancel"),
    approve: answering("approve"),
    reject: answering("reject"),
    pause: answering("pause"),
    resume: answering("resume"),
    promote: answering("promote"),
    noteRefused: async (params) => {
      asked.push({ verb: "noteRefused", params });
    },
    rollBack: answering("rollBack"),
    freeDigest: answering("freeDigest"),
    acceptChanges: answering("acceptChanges"),
    plan: async (request) => {
      requests.push(request);
      return script.plan;
    },
    warm: answering("warm"),
    coolDown: answering("coolDown"),
  };
  const bus: Bus = {
    publish: async () => undefined,
    deadLetters: async ({ limit }) => dead.slice(0, limit),
    replayDeadLetter: async (id) => dead.some((letter) => letter.id === id),
  };
  const note = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push({ level, message, ...fields });
  };
  const log = { info: note("info"), warn: note("warn"), error: note("error") };
  let made = 0;
  const deps: ServiceDeps = {
    desk,
    freezes: createFreezeDesk({ freezes: new MemoryFreezes(), store, policy, clock, log }),
    store,
    bus,
    clock,
    log,
    ids: {
      short: () => {
        made += 1;
        return `id${String(made).padStart(6, "0")}`;
      },
    },
    github: { secrets: [githubSecret, olderSecret] },
    slack: null,
    tokens: [
      { name: "olivia", sha256: sha256(operatorToken), roles: ["operator"] },
      { name: "victor", sha256: sha256(viewerToken), roles: ["viewer"] },
    ],
    people: null,
    sessionSecret: "session-secret",
    repositories: ["perkie/background-removal"],
    version: "0.1.0",
    mode: "local",
    publicUrl: null,
    traffic: async () => snapshot(),
    trafficWithinMs: 3_000,
    cost: async () => null,
    onCommit: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stream: defaultStream,
    ...changes,
  };
  const commit: typeof store.commit = async (params) => {
    const result = await store.commit(params);
    for (const listener of listeners) listener();
    return result;
  };
  return { app: createApp(deps), deps, clock, store, commit, requests, asked, lines, dead, script };
}

/** Two revisions share the traffic. */
function snapshot(): ServiceSnapshot {
  const stable = { revision: revisionName("background-removal-00001"), percent: 75, tag: null };
  const candidate = { revision: revisionName("background-removal-00002"), percent: 25, tag: "g-release-1" };
  return {
    service: serviceKey(),
    url: "https://background-removal.test",
    desired: [stable, candidate],
    effective: [
      { ...stable, url: null },
      { ...candidate, url: "https://g-release-1---background-removal.test" },
    ],
    settled: true,
    ready: { state: "ready", message: "" },
    latestReadyRevision: candidate.revision,
  };
}

export const asOperator = { headers: { authorization: `Bearer ${operatorToken}` } };
export const asViewer = { headers: { authorization: `Bearer ${viewerToken}` } };

/** A saved payload of GitHub's, byte for byte. */
export function githubPayload(name: string): string {
  return readFileSync(new URL(`../fixtures/github/${name}.json`, import.meta.url), "utf8");
}

/** A signed delivery as GitHub sends it. */
export function githubDelivery(
  params: Readonly<{ event: string; body: string; secret?: string; headers?: Record<string, string> }>,
) {
  const { event, body, secret = githubSecret, headers = {} } = params;
  return {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": event,
      "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
      "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
      ...headers,
    },
  };
}

/** The JSON object of an answer; fails on anything else. */
export async function jsonOf(answer: Response): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await answer.json();
  if (!isObject(body)) throw new Error("the answer is no JSON object");
  return body;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
