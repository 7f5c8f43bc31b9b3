import type { RevisionName } from "../../shared/domain/ids.ts";
import type { HttpCheck, VerifyConfig } from "../../shared/domain/release-config.ts";
import type { RevisionSettings } from "../../shared/domain/service-settings.ts";
import type { Pair } from "../../shared/domain/service-state.ts";
import type { ProbeAnswer, ProbePort, ProbeRequest } from "../../shared/ports/probe.ts";
import type { RevisionSnapshot, RunPort, ServiceSnapshot } from "../../shared/ports/run.ts";
import type { Clock } from "../../shared/ports/system.ts";
import { candidate, image, revisionName, serviceKey } from "./fixtures.ts";
import { revisionSettings, settingsReading } from "./settings.ts";

/** What the candidate does with one request. `afterMs` is 10 without a word. */
type Act =
  | Readonly<{ status: number; afterMs?: number; headers?: Record<string, string>; body?: string }>
  | "hang"
  | "reset";

/** The n-th request counts from 0 over all paths. */
export type Script = (request: ProbeRequest, n: number) => Act;

/**
 * A candidate at its tag URL, the Cloud Run API that tells of it, and a clock that jumps: a sleep and a request take
 * their time on it and no real time. Two requests at once are an error.
 */
export class FakeCandidate {
  readonly pair: Pair;
  readonly service = serviceKey();
  readonly asked: Readonly<{ path: string; method: string; at: number; timeoutMs: number }>[] = [];
  readonly reads: number[] = [];
  now = 0;
  snapshot: ServiceSnapshot | null;
  revision: RevisionSnapshot | null;
  settings: RevisionSettings | null = revisionSettings();
  /** Runs before each request and each read of the service. */
  onCall: () => void = () => undefined;
  readServiceFails: Error | null = null;
  readonly #script: Script;
  #busy = false;

  constructor(script: Script, stable: RevisionName | null = revisionName("background-removal-00001")) {
    this.#script = script;
    this.pair = { candidate: candidate(), stable };
    this.snapshot = this.serving(stable === null ? 100 : 0);
    this.revision = {
      revision: candidate().revision,
      imageDigest: image().digest,
      labels: {},
      createdAt: -30_000,
      firstStart: { from: -25_000, to: -1_000 },
      ready: { state: "ready", reason: "", message: "" },
    };
  }

  /** The service while the candidate has this share. */
  serving(percent: number): ServiceSnapshot {
    const { stable } = this.pair;
    const { revision, tag, url } = this.pair.candidate;
    const shares = [
      ...(stable === null || percent === 100
        ? []
        : [{ revision: stable, percent: 100 - percent, tag: null, url: null }]),
      { revision, percent, tag, url },
    ];
    return {
      service: this.service,
      url: "https://background-removal.test",
      desired: shares,
      effective: shares,
      settled: true,
      ready: { state: "ready", message: "" },
      latestReadyRevision: revision,
    };
  }

  readonly clock: Clock = {
    now: () => this.now,
    sleep: async ({ ms, signal }) => {
      if (!signal.aborted) this.now += ms;
    },
  };

  readonly probe: ProbePort = {
    request: async (request) => {
      if (this.#busy) throw new Error("two requests at once");
      this.#busy = true;
      await Promise.resolve();
      this.onCall();
      const answer = this.#answer(request);
      this.now += answer.durationMs;
      this.#busy = false;
      return answer;
    },
  };

  #answer(request: ProbeRequest): ProbeAnswer {
    const { pathname, search } = new URL(request.url);
    const { method, timeoutMs } = request;
    const n = this.asked.push({ path: `${pathname}${search}`, method, at: this.now, timeoutMs }) - 1;
    const act = this.#script(request, n);
    if (act === "reset") return { kind: "error", message: "connection reset", durationMs: 1 };
    const durationMs = act === "hang" ? timeoutMs : Math.min(act.afterMs ?? 10, timeoutMs);
    if (act === "hang" || (act.afterMs ?? 0) > timeoutMs)
      return { kind: "timeout", phase: "headers", durationMs };
    const { status, headers = {}, body = "" } = act;
    return { kind: "answer", status, headers, body, truncated: false, durationMs };
  }

  get run(): RunPort {
    const unexpected = (): never => {
      throw new Error("the gate and the watch only read");
    };
    return {
      readService: async () => {
        this.reads.push(this.now);
        this.onCall();
        if (this.readServiceFails !== null) throw this.readServiceFails;
        return this.snapshot;
      },
      readRevision: async ({ revision }) =>
        revision === this.pair.candidate.revision ? this.revision : null,
      readSettings: async () => (this.snapshot === null ? null : settingsReading(this.snapshot)),
      readRevisionSettings: async () => this.settings,
      tryTemplate: unexpected,
      revisions: unexpected,
      deployCandidate: unexpected,
      setTraffic: unexpected,
      setMinInstances: unexpected,
      removeCandidate: unexpected,
    };
  }
}

export function httpCheck(changes: Partial<HttpCheck> = {}): HttpCheck {
  return {
    name: "health",
    method: "GET",
    path: "/health",
    headers: {},
    body: null,
    status: 200,
    json: null,
    answerHeaders: {},
    withinMs: 10_000,
    repeat: 1,
    ...changes,
  };
}

export function verifyConfig(changes: Partial<VerifyConfig> = {}): VerifyConfig {
  return {
    withinMs: 600_000,
    coldStart: null,
    memoryBelow: null,
    gpu: null,
    startupLogs: null,
    checks: [
      httpCheck(),
      httpCheck({ name: "storage", method: "POST", path: "/api/storage/upload", status: 422 }),
    ],
    ...changes,
  };
}
