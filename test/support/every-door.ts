import { createHmac } from "node:crypto";

/** Asks at each door with each secret in each place where somebody may put it, right and wrong. */
export async function everyDoor(
  ask: (path: string, init?: RequestInit) => Promise<unknown>,
  secrets: ReadonlyMap<string, string>,
  webhookSecret: string,
): Promise<void> {
  for (const [, value] of [...secrets]) {
    const bearer = { authorization: `Bearer ${value}` };
    await ask("/api/v1/services", { headers: bearer });
    await ask("/api/v1/releases", { method: "POST", headers: bearer, body: `{"tag": "${value}` });
    await ask(`/login?token=${value}`);
    await ask(`/login?token=wrong${value}`);
    await ask("/", { headers: { cookie: `gantry_session=${value}` } });
    await ask("/", { headers: { "x-goog-iap-jwt-assertion": value } });
    await ask("/hooks/github", {
      method: "POST",
      headers: { "x-hub-signature-256": value, "x-github-delivery": "00000000-1", "x-github-event": "push" },
      body: "{}",
    });
    await ask("/hooks/pubsub/gantry-releases", { method: "POST", headers: bearer, body: "{}" });
  }
  const body = JSON.stringify({ ref: "refs/tags/v1.1.0" });
  const signature = `sha256=${createHmac("sha256", webhookSecret).update(body).digest("hex")}`;
  await ask("/hooks/github", {
    method: "POST",
    headers: {
      "x-hub-signature-256": signature,
      "x-github-delivery": "00000000-2",
      "x-github-event": "push",
    },
    body,
  });
}
