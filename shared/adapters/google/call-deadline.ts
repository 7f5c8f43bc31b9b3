import { CallTimedOut } from "./rpc-failure.ts";

/**
 * Settles when the call does, or rejects with `CallTimedOut` after `ms`. The clients' own timeouts count from when a request
 * leaves; fetching a token before that has none, so the whole of it is bounded here.
 */
export async function withinDeadline<T>({
  ms,
  doing,
  call,
}: Readonly<{ ms: number; doing: string; call: () => Promise<T> }>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new CallTimedOut(`no answer within ${ms} ms to: ${doing}`)), ms);
  });
  try {
    return await Promise.race([call(), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
