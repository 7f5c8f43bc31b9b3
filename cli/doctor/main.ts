import { imageRepositoryOf } from "../../shared/domain/release-config.ts";
import type { CliIo } from "../cli-io.ts";
import type { DoctorOptions, NamedService } from "../doctor.ts";
import { exitCodes } from "../exit-code.ts";
import { createOutput, type Output } from "../output.ts";
import { secretNames } from "../serve/server-settings.ts";
import { checkAgents } from "./agent-checks.ts";
import { type Finding, findings } from "./finding.ts";
import { checkForgeRefusals } from "./forge-refusals.ts";
import { checkForgeRights } from "./forge-rights.ts";
import { checkFrontDoors } from "./front-doors.ts";
import { checkFunctions } from "./function-checks.ts";
import { githubWay } from "./github-way.ts";
import { type GoogleApi, googleApi } from "./google-api.ts";
import { checkLocally, type LocalReading } from "./local-checks.ts";
import { checkSchedule, checkTopics } from "./message-checks.ts";
import { checkProjectOpenness } from "./openness.ts";
import { checkAsker, checkRights } from "./right-checks.ts";
import { checkSlack } from "./slack-checks.ts";
import { checkBuildSource } from "./source-checks.ts";
import { checkApis, checkFirestore, checkSecrets } from "./store-checks.ts";
import { checkSubscriptions } from "./subscription-checks.ts";
import type { Target } from "./target.ts";
import { checkAddress, checkGitHub } from "./webhook-checks.ts";

type Part = Readonly<{ part: string; findings: readonly Finding[] }>;

/** Looks at everything that can be looked at, changes nothing, and says what is broken by its exit code. */
export async function runDoctor(options: DoctorOptions, io: CliIo): Promise<number> {
  const out = createOutput(io, { isJson: options.json === true });
  const local = await checkLocally(io.cwd, options, process.versions.node);
  const target = targetOf(options, local, io);
  const [google, address, github, slack] = await Promise.all([
    checkGoogle(target, local, io),
    checkAddress(io, local.server?.publicUrl ?? null),
    githubFindings(local, io),
    slackFindings(local, io),
  ]);
  const parts: readonly Part[] = [
    { part: "This machine", findings: local.findings },
    { part: target === null ? "Google Cloud" : `Google Cloud, project ${target.project}`, findings: google },
    { part: "Reached from outside", findings: [...address, ...github, ...slack] },
  ];
  const all = parts.flatMap((part) => part.findings);
  const isBroken = all.some(({ state }) => state === "broken");
  if (out.isJson) out.json({ ok: !isBroken, project: target?.project ?? null, findings: all });
  else print(parts, out);
  return isBroken ? exitCodes.failed : exitCodes.done;
}

/** As whom it goes to GitHub is asked of Google. */
type Named = Omit<Target, "github">;

function targetOf(options: DoctorOptions, { config, server }: LocalReading, io: CliIo): Named | null {
  const project = options.project ?? io.env["GOOGLE_CLOUD_PROJECT"];
  if (project === undefined || project === "") return null;
  const named: readonly NamedService[] =
    config === null
      ? options.service
      : [...options.service, { ...config.service, imageRepository: imageRepositoryOf(config) }];
  const keyOf = (service: NamedService) => `${service.project}/${service.region}/${service.name}`;
  return {
    project,
    region: options.region,
    database: options.database,
    repository: config?.source.repository ?? null,
    services: [...new Map(named.map((service) => [keyOf(service), service])).values()],
    hasSlack: server === null || server.slack !== undefined,
    hasOtlpHeaders: false, // an installation works without, and nothing here tells whether it has them
    reportsToGitHub: server?.github.report ?? true,
    today: new Date(io.clock.now()).toISOString().slice(0, 10),
  };
}

type Check = (api: GoogleApi, target: Target) => Promise<readonly Finding[]>;

const googleChecks: readonly Check[] = [
  checkApis,
  checkTopics,
  checkSubscriptions,
  checkSchedule,
  checkFunctions,
  checkFirestore,
  checkSecrets,
  checkRights,
  checkAgents,
  checkProjectOpenness,
  checkForgeRefusals,
  checkFrontDoors,
];

/** Who asks is looked at first: without credentials, one finding says so instead of one a check. */
async function checkGoogle(
  named: Named | null,
  { server }: LocalReading,
  io: CliIo,
): Promise<readonly Finding[]> {
  if (named === null) {
    const means = "Rights, topics, subscriptions, functions, database and secrets are not looked at.";
    return [findings("project").unknown("no project was named", means, "gantry doctor --project PROJECT")];
  }
  const api = googleApi(io);
  const asker = await checkAsker(api, named);
  if (!asker.isKnown) return [asker.finding];
  const target = { ...named, github: await githubWay(api, { project: named.project, server }) };
  const found = await Promise.all(googleChecks.map((check) => check(api, target)));
  return [asker.finding, ...found.flat()];
}

async function githubFindings({ server, config }: LocalReading, io: CliIo): Promise<readonly Finding[]> {
  const baseUrl = server?.github.api ?? "https://api.github.com";
  const token = io.env[secretNames.github] || null;
  const repository = config?.source.repository ?? null;
  const id = server?.github.app?.id;
  const privateKey = io.env[secretNames.githubApp] || null;
  const app = id === undefined || privateKey === null ? null : { id, privateKey };
  const reports = server?.github.report ?? true;
  const webhook = checkGitHub(io, { baseUrl, token, repository, publicUrl: server?.publicUrl ?? null });
  if (config === null || repository === null) return webhook;
  const rights = checkForgeRights(io, { baseUrl, token, app, repository, reports });
  const source = checkBuildSource(io, { baseUrl, config });
  return (await Promise.all([webhook, rights, source])).flat();
}

function slackFindings(
  { server }: LocalReading,
  io: CliIo,
): Promise<readonly Finding[]> | readonly Finding[] {
  if (server !== null && server.slack === undefined) return [];
  return checkSlack(io, {
    api: server?.slack?.api ?? "https://slack.com/api/",
    token: io.env[secretNames.slackToken] || null,
    teams: server?.slack?.teams ?? [],
  });
}

const marks: Readonly<Record<Finding["state"], string>> = {
  ok: "✔",
  warning: "!",
  broken: "✖",
  unknown: "?",
};

function print(parts: readonly Part[], out: Output): void {
  const { paint } = out;
  const colours = { ok: paint.green, warning: paint.yellow, broken: paint.red, unknown: paint.dim };
  for (const { part, findings: found } of parts) {
    out.line(paint.bold(part));
    for (const { state, what, means, next } of found) {
      out.line(`  ${colours[state](marks[state])} ${what}`);
      for (const line of means === "" ? [] : means.split("\n")) out.line(`      ${line}`);
      for (const command of next) out.line(`      $ ${command}`);
    }
  }
  const count = (state: Finding["state"]) =>
    parts.flatMap((part) => part.findings).filter((finding) => finding.state === state).length;
  out.note(
    `${count("broken")} broken, ${count("warning")} to look at, ${count("unknown")} not looked at, ${count("ok")} well.`,
  );
}
