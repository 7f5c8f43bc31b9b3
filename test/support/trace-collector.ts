import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A span as OTLP has it in JSON. */
export type OtlpSpan = Readonly<{
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status: Readonly<{ code: number }>;
  attributes: readonly Readonly<{ key: string; value: Readonly<{ stringValue?: string }> }>[];
}>;

/** A collector that keeps the spans that it is sent. */
export async function collector() {
  const spans: OtlpSpan[] = [];
  const headers: Record<string, unknown>[] = [];
  const server: Server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(Buffer.from(part));
    const body = JSON.parse(Buffer.concat(parts).toString("utf8"));
    headers.push({ ...request.headers, path: request.url });
    for (const { scopeSpans } of body.resourceSpans)
      for (const scope of scopeSpans) spans.push(...scope.spans);
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return { spans, headers, url, close };
}
