import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { CliIo } from "./cli-io.ts";
import { Complaint, nothingChanged, usageComplaint } from "./complaint.ts";
import { exitCodes } from "./exit-code.ts";

/** Where Gantry answers, and with what token it is asked. */
export type ServerAddress = Readonly<{ url: string; token: string; source: string }>;

/** What `gantry dev` leaves for other commands, below the folder where it runs. */
export const devFile = join(".gantry", "dev.json");

const devFileSchema = z.object({ url: z.string(), token: z.string() });

type Given = Readonly<{ url?: string; token?: string }>;

/** Flag before environment before the file of a `gantry dev` here or in a folder above. Throws a complaint. */
export function serverAddress(given: Given, { env, cwd }: Pick<CliIo, "env" | "cwd">): ServerAddress {
  const local = devAddress(cwd);
  const url = given.url ?? (env["GANTRY_URL"] || undefined);
  const named = given.token ?? (env["GANTRY_TOKEN"] || undefined);
  if (url === undefined && local === null) throw notNamed();
  const address = checkedUrl(url ?? local?.url ?? "");
  // The local token is for the local server only: it must not travel to another one that a flag names.
  const token =
    named ??
    (local !== null && (url === undefined || checkedUrl(local.url) === address) ? local.token : undefined);
  if (token === undefined) throw noToken(address);
  return { url: address, token, source: url === undefined ? devFile : "given" };
}

function devAddress(cwd: string): z.infer<typeof devFileSchema> | null {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const found = readDevFile(join(folder, devFile));
    if (found !== null) return found;
    if (dirname(folder) === folder) return null;
  }
}

function readDevFile(path: string): z.infer<typeof devFileSchema> | null {
  try {
    return devFileSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return null; // missing, or half written while `gantry dev` starts
  }
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) {
    return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  }
  throw usageComplaint({
    happened: `"${text}" is no address of a server`,
    why: "It has to begin with http:// or https://.",
    next: ["gantry status --url http://127.0.0.1:8080"],
  });
}

function notNamed(): Complaint {
  const text = {
    code: "server-not-named",
    happened: "No Gantry server is named",
    traffic: nothingChanged,
    why: `There is no --url, no GANTRY_URL, and no ${devFile} here or in a folder above.`,
    next: [
      "gantry dev                      # starts one on this machine",
      "export GANTRY_URL=https://… GANTRY_TOKEN=…",
    ],
  };
  return new Complaint(text, exitCodes.usage);
}

function noToken(url: string): Complaint {
  const text = {
    code: "sign-in-needed",
    happened: `No token is given for ${url}`,
    traffic: nothingChanged,
    why: "There is no --token and no GANTRY_TOKEN.",
    next: ["export GANTRY_TOKEN=…   # in local mode `gantry dev` prints it"],
  };
  return new Complaint(text, exitCodes.signInNeeded);
}
