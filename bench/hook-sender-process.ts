import { Agent, request } from "node:http";
import type { Sending, Sent } from "./hook-sender.ts";
import { type Webhook, webhookFor } from "./webhook.ts";

/** Sends every webhook over this many connections that stay open, each as soon as its last one was answered. */
async function send(sending: Sending): Promise<Sent> {
  const { url, secret, tag, from, count, connections } = sending;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const webhooks = Array.from({ length: count }, (_, index) =>
    webhookFor({ number: from + index, tag, secret }),
  );
  const tookMs: number[] = [];
  let refused = 0;
  const turn = async (): Promise<void> => {
    for (let next = webhooks.pop(); next !== undefined; next = webhooks.pop()) {
      const began = performance.now();
      if ((await post(`${url}/hooks/github`, next, agent)) !== 202) refused += 1;
      tookMs.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: connections }, turn));
  agent.destroy();
  return { tookMs, refused };
}

function post(url: string, { body, headers }: Webhook, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const length = { "content-length": Buffer.byteLength(body) };
    const asked = request(url, { method: "POST", agent, headers: { ...headers, ...length } }, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer.statusCode ?? 0));
    });
    asked.once("error", reject);
    asked.end(body);
  });
}

process.on("message", (sending: Sending) => {
  void send(sending).then((sent) => process.send?.(sent));
});
process.on("disconnect", () => process.exit(0));
process.send?.("ready");
