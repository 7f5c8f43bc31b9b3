import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { SlackCore } from "../slack-core.ts";

const gatherMs = 40;
const heartbeatMs = 15_000;

/** Says `changed` after each change, several at once as one, until the page goes away. */
export function liveEvents({ messages }: Pick<SlackCore, "messages">) {
  return (context: Context) =>
    streamSSE(context, (stream) => {
      const { promise, resolve } = withEnd();
      let pending: NodeJS.Timeout | null = null;
      const tell = (): void => {
        pending = null;
        void stream.writeSSE({ data: "changed" });
      };
      const stop = messages.onChange(() => {
        pending ??= setTimeout(tell, gatherMs);
      });
      const heartbeat = setInterval(() => void stream.write(": still here\n\n"), heartbeatMs);
      stream.onAbort(() => {
        stop();
        clearInterval(heartbeat);
        if (pending !== null) clearTimeout(pending);
        resolve();
      });
      return promise;
    });
}

function withEnd() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
