import process from "node:process";
import { http } from "@google-cloud/functions-framework";
import { functionNames } from "../shared/install/google-parts.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { handlers } from "./handlers.ts";

const write = (line: string): void => void process.stdout.write(line);

/**
 * The functions on Google Cloud: all are registered, and FUNCTION_TARGET says which one this process serves. What a function
 * needs is loaded and opened at its first push. SIGTERM ends the process at once, and a rejection that nobody hears ends it
 * with 16 (functions-framework, `invoker.ts`): every handler can be taken up again by another process, by its lease.
 */
for (const name of functionNames) {
  const open = async (): Promise<Endpoint> => {
    const [{ openGoogleFunction }, handler] = await Promise.all([
      import("../cli/runtime/google-function.ts"),
      handlers[name](),
    ]);
    return openGoogleFunction({ name, handler, env: process.env, cwd: process.cwd(), write });
  };
  http(name, endpoint(open, write));
}

process.prependListener("unhandledRejection", (reason) => {
  const why = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  const message = "A rejection was not handled; this process ends, and what it did is taken up again";
  write(`${JSON.stringify({ severity: "CRITICAL", message, err: why })}\n`);
});
