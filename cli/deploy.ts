import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { takenShape } from "./api-shapes.ts";
import { type Complaint, usageComplaint } from "./complaint.ts";
import { exitCodes } from "./exit-code.ts";
import { followRelease } from "./follow-release.ts";
import { openSession, type ServerOptions, withServer } from "./server-session.ts";
import { timeoutOption } from "./timeout-option.ts";
import { type Verb, withExample } from "./verb.ts";

type Options = ServerOptions &
  Readonly<{
    repository?: string;
    commit?: string;
    image?: string;
    despiteFreeze?: string;
    wait?: true;
    timeout?: number;
  }>;

/** `gantry deploy TAG` */
export function addDeploy(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("deploy")
    .description("Release a tag that is in the repository already, or an image that was built elsewhere.")
    .argument("[tag]", "the git tag, for example v1.8.0; with --image, else the one that is live")
    .option(
      "--repository <OWNER/NAME>",
      "whose tag it is (else as gantry.yaml in this folder says, else the only one that the policy lists)",
    )
    .option(
      "--image <IMAGE>",
      "build nothing: take this image, HOST/PATH:TAG or HOST/PATH@sha256:DIGEST; gate, approval and rollout stay",
    )
    .option("--commit <SHA>", "take this commit (40 digits) rather than look the tag up")
    .option("--despite-freeze <REASON>", "release it although a freeze stands; who and why stay on record")
    .option("--wait", "follow the release until it ends; the exit code is the verdict")
    .option(
      "--timeout <DURATION>",
      "with --wait: stop waiting after this long (else wait without end)",
      timeoutOption,
    )
    .action(async (tag: string | undefined, options: Options) => finish(await deploy(io, tag, options)));
  withExample(withServer(command), "gantry deploy v1.8.0 --wait --timeout 2h");
}

async function deploy(io: Verb["io"], tag: string | undefined, options: Options): Promise<number> {
  const { image } = options;
  if (tag === undefined && image === undefined) throw nothingNamed();
  const session = openSession(io, options);
  const { commit, despiteFreeze, timeout = null } = options;
  const repository = options.repository ?? (await repositoryHere(io.cwd));
  const body = {
    ...(tag === undefined ? {} : { tag }),
    ...(image === undefined ? {} : { image }),
    ...(repository === null ? {} : { repository }),
    ...(commit === undefined ? {} : { commit }),
    ...(despiteFreeze === undefined ? {} : { despiteFreeze }),
  };
  const taken = await session.api.post("/releases", body, takenShape);
  const { releaseId } = taken;
  if (options.wait) return followRelease(session, { releaseId, timeoutMs: timeout });
  if (session.out.isJson) session.out.json(taken);
  else session.out.line(releaseId);
  session.out.note(
    `${[tag, image].filter((name) => name !== undefined).join(" with ")} is asked for. Next: gantry releases show ${releaseId}`,
  );
  return exitCodes.done;
}

function nothingNamed(): Complaint {
  return usageComplaint({
    happened: "Nothing was named that is to be released.",
    why: "`deploy` takes a tag, an image that was built elsewhere (--image), or both.",
    next: ["gantry deploy TAG", "gantry deploy --image IMAGE   # as the tag that is live"],
  });
}

/** `source.repository` of the gantry.yaml in this folder; null when there is none, or it has errors. */
async function repositoryHere(cwd: string): Promise<string | null> {
  const file = join(cwd, "gantry.yaml");
  if (!existsSync(file)) return null;
  const { parseGantryYaml } = await import("../shared/config/gantry-yaml.ts");
  const parsed = parseGantryYaml({ text: await readFile(file, "utf8"), file });
  return parsed.ok ? parsed.value.source.repository : null;
}
