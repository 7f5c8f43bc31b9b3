import { defaultRetryAfterMs } from "./slack-error.ts";

/** A larger answer is none of Slack's: a page of 200 messages is far smaller. */
const maxAnswerBytes = 8 * 1024 * 1024;

/**
 * `fetch` for Slack's client. It can be called off; it reads the whole answer inside the client's time limit, so that an
 * answer that breaks off counts as a failed request; what is no JSON object (a proxy's page) fails too, where the client
 * would hand the page's text over as Slack's error code; and a 429 always says how long to wait.
 */
export function slackFetch(signal: AbortSignal): typeof fetch {
  return async (input, init) => {
    const signals = init?.signal ? [init.signal, signal] : [signal];
    const response = await fetch(input, { ...init, signal: AbortSignal.any(signals) });
    const text = await boundedText(response);
    const headers = new Headers(response.headers);
    headers.delete("content-encoding");
    headers.delete("content-length");
    if (response.status === 429 && !/^\d+$/.test(headers.get("retry-after") ?? "")) {
      headers.set("retry-after", String(defaultRetryAfterMs / 1000));
    }
    if (response.status === 200 && !isJsonObject(text)) throw new Error("the answer is no JSON object");
    return new Response(text, { status: response.status, statusText: response.statusText, headers });
  };
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
