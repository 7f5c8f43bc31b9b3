import { revisionLabels } from "../shared/adapters/run/candidate-template.ts";
import { connectRun, type RunConnection } from "../shared/adapters/run/connect-run.ts";
import { createRunAdapter } from "../shared/adapters/run/run-adapter.ts";
import { runSettings } from "../shared/adapters/run/run-context.ts";
import {
  parseRevisionName,
  parseServiceKey,
  type RevisionName,
  type ServiceKey,
} from "../shared/domain/ids.ts";
import { describeSplit, type Split, splitOf } from "../shared/domain/traffic.ts";
import { AppError } from "../shared/ports/app-error.ts";
import type { RunPort, ServiceSnapshot, TrafficOutcome } from "../shared/ports/run.ts";
import { interrupted } from "./api-client.ts";
import type { CliIo } from "./cli-io.ts";
import { Complaint, nothingChanged, usageComplaint } from "./complaint.ts";
import { confirm } from "./confirmation.ts";
import { exitCodes } from "./exit-code.ts";
import { createOutput } from "./output.ts";
import type { RollbackOptions } from "./rollback.ts";

const deadlineMs = 120_000;

/**
 * Gives all traffic to one revision through the Cloud Run API alone: neither Gantry's server, store nor queue is asked.
 * Which one: `--to`, else the revision that the label `gantry-stable` of the serving revision names. Never a guess.
 */
export async function rollbackDirect(io: CliIo, text: string, options: RollbackOptions): Promise<number> {
  const service = parseServiceKey(text);
  if (service === null) throw notAKey(text);
  const connection = connectRun({ endpoint: endpointOf(options) });
  try {
    return await rollBack(io, { service, options, connection });
  } catch (error) {
    if (error instanceof AppError)
      throw io.stopping.aborted ? interrupted() : cloudRunComplaint(error, service);
    throw error;
  } finally {
    await connection.close();
  }
}

type Rollback = Readonly<{ service: ServiceKey; options: RollbackOptions; connection: RunConnection }>;

async function rollBack(io: CliIo, { service, options, connection }: Rollback): Promise<number> {
  const run = createRunAdapter({ clients: connection.clients, clock: io.clock, settings: runSettings });
  const out = createOutput(io, { isJson: options.json === true });
  const snapshot = await run.readService(service);
  if (snapshot === null) throw noWayBack(service, "Cloud Run has no such service.");
  const from = effectiveSplit(snapshot);
  const to =
    options.to === undefined
      ? await labelledStable(run, service, from)
      : await namedRevision(run, service, options.to);
  await confirm(io, options, {
    question: `Cloud Run: ${service} serves ${describeSplit(from)}. Give all of it to ${to}?`,
    not: "Not rolled back",
    again: "gantry rollback SERVICE --direct --yes",
  });
  out.note(`Moving all traffic of ${service} to ${to}.`);
  const tags = snapshot.desired.flatMap(({ revision, tag }) =>
    revision !== null && tag !== null ? [{ revision, tag }] : [],
  );
  const outcome = await run.setTraffic({
    service,
    target: [{ revision: to, percent: 100 }],
    tags: tags.filter(({ tag }) => tag.startsWith("g-")),
    expected: null,
    deadlineMs,
    signal: io.stopping,
  });
  if (outcome.outcome !== "effective") throw unfinished(service, to, outcome);
  if (out.isJson) out.json({ service, from, to, outcome: "effective" });
  else out.line(`${to} serves 100 % of ${service}.`);
  out.note("Gantry was not asked: a release that runs is ended or held once it notices. Next: gantry status");
  return exitCodes.done;
}

function effectiveSplit({ effective, latestReadyRevision }: ServiceSnapshot): Split {
  return splitOf({ shares: effective, latest: latestReadyRevision });
}

async function namedRevision(run: RunPort, service: ServiceKey, text: string): Promise<RevisionName> {
  const revision = parseRevisionName(text);
  const found = revision === null ? null : await run.readRevision({ service, revision });
  if (found !== null) return found.revision;
  throw noWayBack(service, `There is no revision "${text}".`);
}

/** What the revisions with traffic say of where they came from; they have to agree. */
async function labelledStable(run: RunPort, service: ServiceKey, split: Split): Promise<RevisionName> {
  const serving = await Promise.all(split.map(({ revision }) => run.readRevision({ service, revision })));
  const labels = serving.flatMap((revision) => revision?.labels[revisionLabels.stable] ?? []);
  const [label = "", ...others] = new Set(labels);
  const revision = others.length === 0 ? parseRevisionName(label) : null;
  const found = revision === null ? null : await run.readRevision({ service, revision });
  if (found !== null) return found.revision;
  const why = `It serves ${describeSplit(split)}, and no label ${revisionLabels.stable} there names the one revision to go back to.`;
  throw noWayBack(service, why);
}

function endpointOf({ endpoint }: RollbackOptions) {
  if (endpoint === undefined) return null;
  const [, host = "", port = ""] = /^([^:/]+|\[[0-9a-f:]+\]):(\d{1,5})$/.exec(endpoint) ?? [];
  if (host !== "") return { host, port: Number(port), insecure: true };
  throw usageComplaint({
    happened: `"${endpoint}" is no endpoint`,
    why: "It is HOST:PORT, as `gantry dev` prints it.",
    next: ["gantry rollback PROJECT/REGION/NAME --direct --endpoint 127.0.0.1:8085"],
  });
}

function notAKey(text: string): Complaint {
  return usageComplaint({
    happened: `"${text}" is no project/region/name`,
    why: "With --direct nobody but Cloud Run is asked, so the whole name is needed.",
    next: ["gantry rollback my-project/us-central1/my-service --direct"],
  });
}

function noWayBack(service: ServiceKey, why: string): Complaint {
  const [project = "", region = "", name = ""] = service.split("/");
  return new Complaint({
    code: "no-way-back",
    happened: `It is not clear to what ${service} shall go back`,
    traffic: nothingChanged,
    why,
    next: [
      `gcloud run revisions list --service ${name} --region ${region} --project ${project}`,
      `gantry rollback ${service} --direct --to REVISION`,
    ],
  });
}

function unfinished(
  service: ServiceKey,
  to: RevisionName,
  outcome: Exclude<TrafficOutcome, { outcome: "effective" }>,
): Complaint {
  return new Complaint({
    code: "rollback-unfinished",
    happened: `${to} does not serve all traffic of ${service}`,
    traffic: `Requests meet ${describeSplit(outcome.found)}.`,
    why: outcome.outcome === "refused" ? outcome.message : "Somebody else changed the traffic meanwhile.",
    next: [`gantry rollback ${service} --direct --to ${to}`],
  });
}

function cloudRunComplaint({ code, message }: AppError, service: ServiceKey): Complaint {
  const isDenied = code === "run-denied";
  const text = {
    code,
    happened: "Cloud Run did not do it",
    traffic: "It is not known from here whether the traffic changed.",
    why: message,
    next: isDenied ? ["gcloud auth application-default login"] : [`gantry rollback ${service} --direct`],
  };
  return new Complaint(text, isDenied ? exitCodes.signInNeeded : exitCodes.failed);
}
