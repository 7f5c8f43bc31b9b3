import { createServer } from "node:http";
import { health } from "./health.mjs";
import { answer, HttpError, readBody } from "./http.mjs";
import { loadModel, modelInfo } from "./model.mjs";
import { removeBackground } from "./remove-background.mjs";
import { settings } from "./settings.mjs";
import { readObject, upload } from "./storage.mjs";

const routes = {
  "GET /health": async () => health(),
  "GET /model-info": async () => ({ status: 200, json: modelInfo() }),
  "POST /remove-background": async (request) => removeBackground(request, await readBody(request)),
  "POST /api/storage/upload": async (request) => upload(request, await readBody(request)),
};

async function handle(request) {
  const { pathname } = new URL(request.url, "http://localhost");
  const route = routes[`${request.method} ${pathname}`];
  if (route !== undefined) return route(request);
  if (request.method === "GET" && pathname.startsWith("/storage/")) return readObject(pathname);
  return { status: 404, json: { detail: "Not Found" } };
}

function log(severity, message, fields = {}) {
  process.stdout.write(`${JSON.stringify({ severity, message, ...fields })}\n`);
}

const server = createServer(async (request, response) => {
  const start = performance.now();
  let result;
  try {
    result = await handle(request);
  } catch (error) {
    const status = error instanceof HttpError ? error.status : 500;
    result = {
      status,
      json: { detail: error instanceof HttpError ? error.detail : "Internal Server Error" },
    };
    if (status === 500) log("ERROR", String(error.stack ?? error));
  }
  answer(response, result);
  if (settings.logLevel !== "error")
    log("INFO", `${request.method} ${request.url} ${result.status}`, {
      ms: Math.round(performance.now() - start),
    });
});

process.once("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

await loadModel();
server.listen(settings.port, () =>
  log("INFO", `listening on ${settings.port}`, { revision: settings.revision }),
);
