import { type ChildProcess, spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";

/** Answers git over HTTP for the repositories below a root, with `git http-backend`; clones, fetches and pushes. */
export class SmartHttp {
  readonly #root: string;
  readonly #running = new Set<ChildProcess>();

  constructor(root: string) {
    this.#root = root;
  }

  /** True for `/<owner>/<name>.git/…`. */
  matches(url: string): boolean {
    return /^\/[\w.-]+\/[\w.-]+\.git\/(info\/refs|HEAD|objects\/|git-(upload|receive)-pack)/.test(url);
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    // `env` adds to the environment that the child inherits: git must be found on the same path as everywhere else.
    const child = spawn("env", [...this.#variables(request), "git", "http-backend"], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#running.add(child);
    child.once("close", () => this.#running.delete(child));
    child.once("error", () => response.writeHead(500).end());
    child.stdin.on("error", () => undefined);
    request.pipe(child.stdin);
    response.once("close", () => child.kill());
    relay(child, response);
  }

  /** Ends what still runs. */
  close(): void {
    for (const child of this.#running) child.kill();
  }

  #variables(request: IncomingMessage): readonly string[] {
    const url = new URL(request.url ?? "/", "http://localhost");
    const header = (name: string) => String(request.headers[name] ?? "");
    return [
      `GIT_PROJECT_ROOT=${this.#root}`,
      "GIT_HTTP_EXPORT_ALL=1",
      `PATH_INFO=${decodeURIComponent(url.pathname)}`,
      `QUERY_STRING=${url.search.slice(1)}`,
      `REQUEST_METHOD=${request.method}`,
      `CONTENT_TYPE=${header("content-type")}`,
      `CONTENT_LENGTH=${header("content-length")}`,
      `HTTP_CONTENT_ENCODING=${header("content-encoding")}`,
      `GIT_PROTOCOL=${header("git-protocol")}`,
      `REMOTE_ADDR=${request.socket.remoteAddress ?? ""}`,
      "REMOTE_USER=local",
    ];
  }
}

function relay(child: ChildProcess, response: ServerResponse): void {
  let head = Buffer.alloc(0);
  let headed = false;
  child.stdout?.on("data", (chunk: Buffer) => {
    if (headed) {
      response.write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    headed = true;
    writeHead(head.subarray(0, end).toString("latin1"), response);
    response.write(head.subarray(end + 4));
  });
  child.stdout?.once("end", () => {
    if (!headed) response.writeHead(500);
    response.end();
  });
}

function writeHead(text: string, response: ServerResponse): void {
  const headers = text.split("\r\n").map((line) => {
    const at = line.indexOf(":");
    return [line.slice(0, at), line.slice(at + 1).trim()] as const;
  });
  const status = headers.find(([name]) => name.toLowerCase() === "status")?.[1] ?? "200";
  response.statusCode = Number.parseInt(status, 10);
  for (const [name, value] of headers) if (name.toLowerCase() !== "status") response.setHeader(name, value);
}
