import type { Command } from "commander";
import { z } from "zod";
import { type AllowanceOptions, allowanceOf } from "./change-allowance.ts";
import { exitCodes } from "./exit-code.ts";
import { findingsShape, findingText } from "./finding-text.ts";
import { harmless, type Paint } from "./output.ts";
import { repositoryHere } from "./repository-here.ts";
import { openSession, type ServerOptions, type Session, withServer } from "./server-session.ts";
import { type Verb, withExample } from "./verb.ts";

type Options = ServerOptions & AllowanceOptions & Readonly<{ repository?: string; commit?: string }>;

const planShape = z.discriminatedUnion("outcome", [
  z.looseObject({
    outcome: z.literal("refused"),
    code: z.string(),
    message: z.string(),
    problems: z.array(z.string()),
  }),
  z.looseObject({
    outcome: z.literal("planned"),
    service: z.string(),
    tag: z.string(),
    commit: z.string(),
    mayBegin: z.boolean(),
    findings: findingsShape,
    ahead: z.string().nullable(),
    steps: z.array(z.looseObject({ percent: z.number() })),
    approvals: z.number(),
  }),
]);

type Plan = z.infer<typeof planShape>;

/** `gantry plan TAG` */
export function addPlan(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("plan")
    .description(
      "Show what a release of a tag would meet now: every check before the build. Changes nothing.",
    )
    .argument("<tag>", "the git tag, for example v1.8.0")
    .option("--repository <OWNER/NAME>", "whose tag it is (else as `gantry deploy` finds it)")
    .option("--commit <SHA>", "take this commit (40 digits) rather than look the tag up")
    .option("--allow-change <SETTINGS>", "as with `gantry deploy`: guard rails that it may break")
    .option("--reason <TEXT>", "with --allow-change: why")
    .action(async (tag: string, options: Options) =>
      finish(await plan(openSession(io, options), io, tag, options)),
    );
  withExample(withServer(command), "gantry plan v1.8.0");
}

async function plan({ api, out }: Session, io: Verb["io"], tag: string, options: Options): Promise<number> {
  const repository = options.repository ?? (await repositoryHere(io.cwd));
  const { allowChange } = allowanceOf(
    options.allowChange === undefined ? options : { reason: "a plan", ...options },
  );
  const query = new URLSearchParams({
    tag,
    ...(repository === null ? {} : { repository }),
    ...(options.commit === undefined ? {} : { commit: options.commit }),
    ...(allowChange === undefined ? {} : { allow: allowChange.settings.join(",") }),
  });
  const planned = await api.get(`/plan?${query}`, planShape);
  if (out.isJson) out.json(planned);
  else out.line(planText(planned, out.paint));
  return planned.outcome === "planned" && planned.mayBegin ? exitCodes.done : exitCodes.failed;
}

function planText(planned: Plan, paint: Paint): string {
  if (planned.outcome === "refused")
    return [
      `${paint.bold("refused")}  ${harmless(planned.message)}`,
      ...planned.problems.map((problem) => `  ${harmless(problem)}`),
    ].join("\n");
  const { service, tag, commit, mayBegin, findings, ahead, steps, approvals } = planned;
  const way = [
    ...(approvals === 0 ? [] : [`${approvals} approval${approvals === 1 ? "" : "s"}`]),
    ...steps.map(({ percent }) => `${percent} %`),
  ].join(", then ");
  const verdict = mayBegin ? `would begin: gate, ${way}.` : "would be stopped before its build.";
  return [
    paint.bold(harmless(`${tag} of ${service} (commit ${commit.slice(0, 7)})`)),
    ...findings.map((one) => findingText(one, tag)),
    ...(ahead === null
      ? []
      : [`  ${harmless(ahead)} is being released; this one waits for it or takes its place.`]),
    `${harmless(tag)} ${verdict}`,
  ].join("\n");
}
