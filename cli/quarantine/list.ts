import type { Command } from "commander";
import { quarantineShape } from "../api-shapes.ts";
import { exitCodes } from "../exit-code.ts";
import { formatTime } from "../local-time.ts";
import { harmless, table } from "../output.ts";
import { openSession, type ServerOptions, type Session, withServer } from "../server-session.ts";
import { serviceKeyFor, servicePath } from "../service-name.ts";
import { type Verb, withExample } from "../verb.ts";

/** `gantry quarantine list SERVICE` */
export function addQuarantineList(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("list")
    .description("List the images of a service that may not come again, newest first.")
    .argument("<service>", "project/region/name, or only the name where it is unique")
    .action(async (service: string, options: ServerOptions) =>
      finish(await list(openSession(io, options), service)),
    );
  withExample(withServer(command), "gantry quarantine list background-removal");
}

async function list(session: Session, service: string): Promise<number> {
  const { api, out, io } = session;
  const key = await serviceKeyFor(session, service);
  const answer = await api.get(`${servicePath(key)}/quarantine`, quarantineShape);
  if (out.isJson) out.json(answer);
  else if (answer.quarantine.length === 0) out.note(`No image of ${key} is in quarantine.`);
  else {
    const rows = answer.quarantine.map(({ digest, tag, releaseId, at, why }) => [
      harmless(digest.slice(0, 19)),
      harmless(tag),
      harmless(releaseId),
      formatTime(at, io),
      harmless(why),
    ]);
    out.line(table(["IMAGE", "TAG", "RELEASE", "SINCE", "WHY"], rows, out.paint));
    out.note(`Next: gantry quarantine free ${key} IMAGE`);
  }
  return exitCodes.done;
}
