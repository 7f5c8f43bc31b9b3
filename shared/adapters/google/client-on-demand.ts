/** A client of Google's that is made when it is first needed. */
export type OnDemand<T> = Readonly<{
  /** The client, made at the first call. The SDK is loaded no earlier. Rejects when it cannot be made; the next call tries again. */
  client: () => Promise<T>;
  /** Lets go of its channel; the next call makes another one. */
  close: () => Promise<void>;
}>;

/** `open` loads the SDK and makes the client; once it did, it is not called again until `close`. */
export function onDemand<T extends Readonly<{ close: () => Promise<void> }>>(
  open: () => Promise<T>,
): OnDemand<T> {
  let opened: Promise<T> | null = null;
  const begin = (): Promise<T> => {
    const opening = open();
    opening.catch(() => {
      if (opened === opening) opened = null;
    });
    return opening;
  };
  const client = (): Promise<T> => {
    opened ??= begin();
    return opened;
  };
  const close = async (): Promise<void> => {
    const last = opened?.catch(() => null); // whoever asked for it heard why
    opened = null;
    await (await last)?.close();
  };
  return { client, close };
}
