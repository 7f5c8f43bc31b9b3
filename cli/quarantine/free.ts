import type { Command } from "commander";
import { answerShape, quarantineShape } from "../api-shapes.ts";
import { Complaint, nothingChanged, usageComplaint } from "../complaint.ts";
import { exitCodes } from "../exit-code.ts";
import { openSession, type ServerOptions, type Session, withServer } from "../server-session.ts";
import { serviceKeyFor, servicePath } from "../service-name.ts";
import { type Verb, withExample } from "../verb.ts";

/** `gantry quarantine free SERVICE DIGEST` */
export function addFree(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("free")
    .description("Let an image come again that was rolled back; nothing is released by it.")
    .argument("<service>", "project/region/name, or only the name where it is unique")
    .argument("<digest>", "the image, or as much of the beginning of its digest as is unique")
    .action(async (service: string, digest: string, options: ServerOptions) =>
      finish(await free(openSession(io, options), service, digest)),
    );
  withExample(withServer(command), "gantry quarantine free background-removal sha256:4f1c2a");
}

async function free(session: Session, service: string, typed: string): Promise<number> {
  const { api, out } = session;
  const key = await serviceKeyFor(session, service);
  const digest = await digestFor(session, key, typed);
  const path = `${servicePath(key)}/quarantine/${encodeURIComponent(digest)}/free`;
  const answer = await api.post(path, {}, answerShape);
  if (out.isJson) out.json({ ...answer, digest });
  else out.line(answer.message);
  return exitCodes.done;
}

/** The one digest in quarantine that begins like this, with or without `sha256:`. */
async function digestFor({ api }: Session, key: string, typed: string): Promise<string> {
  const { quarantine } = await api.get(`${servicePath(key)}/quarantine`, quarantineShape);
  const hex = typed.toLowerCase().replace(/^sha256:/, "");
  const found = quarantine.filter(({ digest }) => hex !== "" && digest.startsWith(`sha256:${hex}`));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.digest;
  if (found.length > 1) {
    throw usageComplaint({
      code: "digest-ambiguous",
      happened: `${found.length} images in quarantine begin with "${typed}"`,
      why: "Name more of the digest.",
      next: found.map(({ digest, tag }) => `gantry quarantine free ${key} ${digest}   # ${tag}`),
    });
  }
  throw new Complaint({
    code: "not-quarantined",
    happened: `No image that begins with "${typed}" is in quarantine`,
    traffic: nothingChanged,
    why: quarantine.length === 0 ? `No image of ${key} is in quarantine.` : "",
    next: [`gantry quarantine list ${key}`],
  });
}
