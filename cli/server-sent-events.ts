/** The data of each event of a `text/event-stream` (html.spec.whatwg.org, "server-sent events"), as it comes in. */
export async function* serverSentData(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text = `${text}${chunk}`.replaceAll("\r\n", "\n");
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) yield dataOf(block);
  }
}

/** The joined `data:` lines; empty for a comment that only keeps the connection open. */
function dataOf(block: string): string {
  const lines = block.split("\n").filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice("data:".length).replace(/^ /, "")).join("\n");
}
