import type { IncomingMessage } from "node:http";
import { pipeline, type Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

/** What compression may add to a body; beyond it, a compressed body that unfolds to nothing is cut off. */
const compressionOverheadBytes = 64 * 1024;

/**
 * The body as text, decompressed, at most `maxBytes` long; never holds more than that and one chunk. Rejects when the
 * connection breaks before the end or the compressed data is broken. A cut stream is destroyed.
 */
export async function readBoundedBody(
  params: Readonly<{ response: IncomingMessage; maxBytes: number }>,
): Promise<{ body: string; truncated: boolean }> {
  const { response, maxBytes } = params;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of decoded(params)) {
    const piece = Buffer.from(chunk);
    chunks.push(piece.subarray(0, maxBytes - bytes));
    bytes += piece.length;
    if (bytes > maxBytes) break;
  }
  if (bytes > maxBytes) response.destroy();
  return { body: Buffer.concat(chunks).toString("utf8"), truncated: bytes > maxBytes };
}

function decoded(
  params: Readonly<{ response: IncomingMessage; maxBytes: number }>,
): AsyncIterable<Uint8Array> {
  const { response, maxBytes } = params;
  const decoder = decoderFor(response.headers["content-encoding"]);
  if (decoder === null) return response;
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes + compressionOverheadBytes) decoder.destroy(new Error("compressed body too large"));
  });
  return pipeline(response, decoder, () => undefined);
}

function decoderFor(encoding: string | undefined): Transform | null {
  switch (encoding?.trim().toLowerCase()) {
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    case "br":
      return createBrotliDecompress();
    default:
      return null;
  }
}
