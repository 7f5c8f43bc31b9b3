import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { benchRepository } from "./instant-cloud.ts";

/** One delivery of GitHub's `push` webhook: the bytes of a real one with another repository and tag. */
export type Webhook = Readonly<{ body: string; headers: Readonly<Record<string, string>> }>;

const payload: Readonly<Record<string, unknown>> = JSON.parse(
  readFileSync(new URL("../test/fixtures/github/push-tag-lightweight.json", import.meta.url), "utf8"),
);

/** The delivery id under which Gantry knows the release of this tag. */
export function deliveryId(number: number, tag: string): string {
  return `bench-${number}-${tag.replaceAll(".", "-")}`;
}

export function webhookFor(params: Readonly<{ number: number; tag: string; secret: string }>): Webhook {
  const { number, tag, secret } = params;
  const repository = { ...Object(payload["repository"]), full_name: benchRepository(number) };
  const body = JSON.stringify({ ...payload, ref: `refs/tags/${tag}`, repository });
  const headers = {
    "content-type": "application/json",
    "x-github-event": "push",
    "x-github-delivery": deliveryId(number, tag),
    "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
  };
  return { body, headers };
}
