import pc from "picocolors";
import type { DemoTag } from "../../emulator/git/demo-repository.ts";
import type { CliIo } from "../cli-io.ts";

/** Where everything of one `gantry dev` answers. */
export type DevAddresses = Readonly<{
  console: string;
  signIn: string;
  api: string;
  token: string;
  git: string;
  clone: string;
  proxy: string;
  run: string;
  build: string;
  buildLogs: string;
  monitoring: string;
  logging: string;
  registry: string;
  slack: string;
  slackApi: string;
  webhook: string;
  webhookSecret: string;
  state: string;
  tags: readonly DemoTag[];
  liveTag: string;
}>;

type Greeting = Readonly<{ io: CliIo; addresses: DevAddresses; json: boolean; readyMs: number }>;

/** Says once that all is up: a table for a person on stderr, or one JSON line on stdout, with the process id to stop. */
export function greeting({ io, addresses, json, readyMs }: Greeting): void {
  if (json) io.stdout.write(`${JSON.stringify({ ready: true, readyMs, pid: process.pid, ...addresses })}\n`);
  else io.stderr.write(table({ io, addresses, json, readyMs }));
}

function table({ io, addresses, readyMs }: Greeting): string {
  const colour = pc.createColors(io.stderr.isTty && !io.env["NO_COLOR"]);
  const row = (name: string, value: string): string => `   ${colour.bold(name.padEnd(12))}${value}`;
  const push = (tag: string): string => `git -C ${addresses.clone} push gantry ${tag}`;
  const stories = addresses.tags
    .filter(({ tag }) => tag !== addresses.liveTag)
    .map(({ tag, story }) => `   ${tag.padEnd(12)}${story}`);
  return [
    "",
    ` ${colour.bold(`gantry dev ${io.version}`)}      local only: a cloud on this machine, no account, nothing leaves it`,
    ` ${colour.green("✔")} everything is up after ${(readyMs / 1000).toFixed(1)} s. Push a tag to start a release.`,
    "",
    row("Console", addresses.signIn),
    row("Slack", `${addresses.slack}   #deploys; choose who you are at the top right`),
    row("API", `${addresses.api}   token ${addresses.token}`),
    row("Git remote", addresses.git),
    row("Cloud Run", `${addresses.proxy} (services)   ${addresses.run} (gRPC)`),
    row("Cloud Build", `${addresses.buildLogs} (logs)   ${addresses.build} (gRPC)`),
    row("Images", `${addresses.registry} (manifests, as a registry serves them)`),
    row("Monitoring", `${addresses.monitoring} (gRPC)   ${addresses.logging} (logs, REST)`),
    row("State", `${addresses.state} (kept; --fresh starts anew)`),
    "",
    ` ${colour.bold("Try")}   ${push("v1.1.0")}`,
    `       npx gantry status --watch`,
    "",
    ` Tags that wait in ${addresses.clone}:`,
    ...stories,
    "",
    " Ctrl-C stops it; what was under way goes on at the next start.",
    "",
    "",
  ].join("\n");
}
