import { accessToken } from "../../cli/runtime/access-token.ts";
import type { HttpOptions } from "../../cli/runtime/gantry-process.ts";

/** The HTTP side of a whole Gantry in a test's own process: at a free port, for Ada, who has the token `a-token-of-ada`. */
export function httpOptions(changes: Partial<HttpOptions> = {}): HttpOptions {
  return {
    host: "127.0.0.1",
    port: 0,
    githubSecrets: [],
    slack: null,
    tokens: [accessToken("ada", "a-token-of-ada")],
    sessionSecret: null,
    publicUrl: null,
    version: "test",
    mode: "serve",
    ...changes,
  };
}
