import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const secretsSchema = z.object({
  token: z.string().min(20),
  webhookSecret: z.string().min(20),
  sessionSecret: z.string().min(20),
});

/** What protects one local Gantry; the same at every start, so that scripts and open pages go on working. */
export type DevSecrets = Readonly<z.infer<typeof secretsSchema>>;

function fresh(): string {
  return randomBytes(18).toString("base64url");
}

/** The secrets kept in the state folder, made at the first start and readable by this user alone. */
export async function devSecrets(directory: string): Promise<DevSecrets> {
  const path = join(directory, "secrets.json");
  const kept = await readFile(path, "utf8").catch(() => null);
  if (kept !== null) return secretsSchema.parse(JSON.parse(kept));
  const made: DevSecrets = { token: fresh(), webhookSecret: fresh(), sessionSecret: fresh() };
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(path, JSON.stringify(made), { mode: 0o600 });
  return made;
}
