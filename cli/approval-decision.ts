import type { Command } from "commander";
import { answerShape, releaseShape, type ShownRelease } from "./api-shapes.ts";
import { confirm } from "./confirmation.ts";
import { exitCodes } from "./exit-code.ts";
import { formatTime } from "./local-time.ts";
import { harmless } from "./output.ts";
import { openSession, type ServerOptions, type Session, withServer } from "./server-session.ts";
import { padded } from "./service-text.ts";
import { type Verb, withExample } from "./verb.ts";

type Options = ServerOptions & Readonly<{ reason?: string; yes?: true }>;

type Decision = Readonly<{
  name: "approve" | "reject";
  question: string; // before the tag and the service
  not: string;
  description: string;
  example: string;
}>;

/** A verb that decides on a release that waits for approval: shows what is decided, asks, and decides on just that. */
export function addApprovalDecision(parent: Command, { io, finish }: Verb, decision: Decision): void {
  const { name, description, example } = decision;
  const command = parent
    .command(name)
    .description(description)
    .argument("<id>", "the release, as `gantry releases list` shows it");
  if (name === "reject") command.requiredOption("--reason <TEXT>", "why; it is kept with the release");
  command.option("--yes", "do not ask");
  command.action(async (id: string, options: Options) => finish(await decide(io, decision, id, options)));
  withExample(withServer(command), example);
}

async function decide(
  io: Verb["io"],
  { name, question, not }: Decision,
  id: string,
  options: Options,
): Promise<number> {
  const session = openSession(io, options);
  const { api, out } = session;
  const path = `/releases/${encodeURIComponent(id)}`;
  const release = await api.get(path, releaseShape);
  const { approval, tag, service } = release;
  if (approval !== null) {
    out.note(decidedText(release, session));
    const digest = release.candidate?.image.digest.slice(0, 19) ?? "no image";
    const asked = harmless(`${question} ${tag} of ${service} (${digest})?`);
    await confirm(io, options, {
      question: asked,
      not,
      again: `gantry ${name} ${id}${name === "reject" ? " --reason TEXT" : ""} --yes`,
    });
  }
  const reason = options.reason === undefined ? {} : { reason: options.reason };
  const body = { approvalId: approval?.id ?? null, ...reason };
  const answer = await api.post(`${path}/${name}`, body, answerShape);
  if (out.isJson) out.json(answer);
  else out.line(answer.message);
  return exitCodes.done;
}

/** All that a yes would be a yes to. */
function decidedText(release: ShownRelease, { io }: Session): string {
  const { id, tag, service, commit, repository, candidate, plan, requestedBy, approval } = release;
  const { count, from } = plan.approval;
  const rows = [
    ["Tag", tag],
    ["Commit", `${commit} of ${repository}`],
    ["Image", candidate === null ? "none" : `${candidate.image.name}@${candidate.image.digest}`],
    ["Steps", plan.steps.map(stepText).join(", ")],
    ["Pushed by", requestedBy.name],
    ["Needs", `${count} of ${from.join(", ") || "anybody"}`],
    ["Approved by", release.approvedBy.map(({ name }) => name).join(", ") || "nobody yet"],
    ["Expires", approval === null ? "" : formatTime(approval.expiresAt, io)],
  ];
  return `What is decided: ${tag} of ${service} (${id})\n${padded(rows)}`;
}

function stepText({ percent, holdMs }: ShownRelease["plan"]["steps"][number]): string {
  if (holdMs === 0) return `${percent} %`;
  return `${percent} % for ${holdMs % 60_000 === 0 ? `${holdMs / 60_000} min` : `${holdMs / 1000} s`}`;
}
