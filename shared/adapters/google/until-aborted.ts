/** Settles as the promise does, or rejects with the signal's reason as soon as it aborts; the promise then runs on unheard. */
export async function untilAborted<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const off = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: off.signal });
  });
  try {
    return await Promise.race([call(), aborted]);
  } finally {
    off.abort();
  }
}
