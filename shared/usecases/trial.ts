import type { CheckResult } from "../domain/events.ts";
import { type Answer, judgeAnswer, judgeSignOfLife } from "../domain/gate.ts";
import type { HttpCheck } from "../domain/release-config.ts";
import type { ProbePort, ProbeRequest } from "../ports/probe.ts";

/** More of a body is never read; JSON that is asked for must fit. */
const maxBodyBytes = 1024 * 1024;

/** Asked of a candidate for which `gantry.yaml` names no check. */
const signOfLife: HttpCheck = {
  name: "GET / answers",
  method: "GET",
  path: "/",
  headers: {},
  body: null,
  status: 200,
  json: null,
  answerHeaders: {},
  withinMs: 10_000,
  repeat: 1,
};

/** One check, ready to be asked of a revision. */
export type Trial = Readonly<{
  name: string;
  check: HttpCheck;
  judge: (answer: Answer) => CheckResult;
  /** True when a status that usually means "not now" (429, 503) is the very one that is asked for. */
  wants: (status: number) => boolean;
}>;

/** The configured checks, or, without any, the one that `GET /` answers below 500. Never empty. */
export function trialsOf(checks: readonly HttpCheck[]): readonly [Trial, ...Trial[]] {
  const [first, ...rest] = checks.map(trialOf);
  return first === undefined ? [signOfLifeTrial] : [first, ...rest];
}

function trialOf(check: HttpCheck): Trial {
  const judge = (answer: Answer): CheckResult => judgeAnswer({ check, answer });
  return { name: check.name, check, judge, wants: (status) => status === check.status };
}

const signOfLifeTrial: Trial = {
  name: signOfLife.name,
  check: signOfLife,
  judge: (answer) => judgeSignOfLife({ name: signOfLife.name, answer, withinMs: signOfLife.withinMs }),
  wants: () => false,
};

/** Asks the trial's request at `url`, in at most `timeoutMs`. */
export function askTrial(
  params: Readonly<{ probe: ProbePort; trial: Trial; url: string; timeoutMs: number; signal: AbortSignal }>,
): Promise<Answer> {
  const { probe, trial, url, timeoutMs, signal } = params;
  const { method, headers, body, path } = trial.check;
  const request: ProbeRequest = {
    url: urlBelow({ base: url, path }),
    method,
    headers,
    body,
    timeoutMs,
    maxBytes: maxBodyBytes,
    signal,
  };
  return probe.request(request);
}

/** The path at the base's own host, whatever the path holds: `//other.example` stays a path. */
export function urlBelow(params: Readonly<{ base: string; path: string }>): string {
  const url = new URL(params.base);
  const [beforeHash = ""] = params.path.split("#");
  const question = beforeHash.indexOf("?");
  url.pathname = question < 0 ? beforeHash : beforeHash.slice(0, question);
  url.search = question < 0 ? "" : beforeHash.slice(question);
  return url.href;
}
