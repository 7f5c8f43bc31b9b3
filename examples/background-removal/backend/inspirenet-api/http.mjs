const largestBody = 20 * 1024 * 1024;

/** An answer that is the caller's fault; `detail` has the form that FastAPI gives it. */
export class HttpError extends Error {
  constructor(status, detail) {
    super(typeof detail === "string" ? detail : JSON.stringify(detail));
    this.status = status;
    this.detail = detail;
  }
}

/** The 422 for a part of the request that is missing or wrong. */
export function unprocessable(field, message, type = "missing") {
  return new HttpError(422, [{ type, loc: ["body", field], msg: message, input: null }]);
}

/** The whole body; 413 when it is over 20 MiB. */
export async function readBody(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > largestBody) throw new HttpError(413, "Request body is larger than 20 MiB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The image in a request: the field `file` of a form, or a body of a type `image/*`; null when there is none. */
export function imageOf(request, body) {
  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("image/")) return body.length === 0 ? null : { name: "image", type, bytes: body };
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(type)?.[1];
  return boundary === undefined ? null : filePart(body, boundary);
}

function filePart(body, boundary) {
  const text = body.toString("latin1");
  for (const part of text.split(`--${boundary}`)) {
    const end = part.indexOf("\r\n\r\n");
    const head = part.slice(0, end);
    if (end < 0 || !/name="file"/i.test(head)) continue;
    const bytes = Buffer.from(part.slice(end + 4).replace(/\r\n$/, ""), "latin1");
    if (bytes.length === 0) return null;
    const name = /filename="([^"]*)"/i.exec(head)?.[1] ?? "file";
    return { name, type: /^content-type:\s*(\S+)/im.exec(head)?.[1] ?? "application/octet-stream", bytes };
  }
  return null;
}

/** Sends `{ status, json }` or `{ status, type, bytes }`. */
export function answer(response, { status, json, type, bytes }) {
  const body = bytes ?? Buffer.from(JSON.stringify(json));
  response.writeHead(status, {
    "content-type": type ?? "application/json",
    "content-length": body.length,
    "cache-control": "no-store",
  });
  response.end(body);
}
