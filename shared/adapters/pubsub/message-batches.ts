/** What Pub/Sub is sent. */
export type WireMessage = Readonly<{ data: Uint8Array; attributes: Readonly<Record<string, string>> }>;

/** Below what one publish request takes: 1,000 messages and 10 MB (https://cloud.google.com/pubsub/quotas#resource_limits). */
const limits = { messages: 500, bytes: 5_000_000 };

/** In their order, as few requests as the limits allow. A message that is larger than a request may be is alone in one. */
export function batches(messages: readonly WireMessage[]): readonly (readonly WireMessage[])[] {
  const all: WireMessage[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const size = sizeOf(message);
    const last = all.at(-1);
    const fits = last !== undefined && last.length < limits.messages && bytes + size <= limits.bytes;
    if (fits) last.push(message);
    else all.push([message]);
    bytes = fits ? bytes + size : size;
  }
  return all;
}

function sizeOf({ data, attributes }: WireMessage): number {
  const words = Object.entries(attributes).flat();
  return data.byteLength + words.reduce((sum, word) => sum + Buffer.byteLength(word), 0);
}
