import { createServer } from "node:http";

const { PORT = "8080", K_REVISION = "local" } = process.env;

const server = createServer((request, response) => {
  const found = request.method === "GET" && request.url === "/";
  response.writeHead(found ? 200 : 404, { "content-type": "text/plain" });
  response.end(found ? `Hello from ${K_REVISION}\n` : "not found\n");
});

process.once("SIGTERM", () => server.close(() => process.exit(0)));
server.listen(Number(PORT));
