import type { FunctionName } from "../shared/install/google-parts.ts";
import type { EventHandler } from "../shared/ports/bus.ts";
import type { Deps } from "../shared/usecases/deps.ts";

type MakeHandler = (deps: Deps) => EventHandler;

/** The handler of each function, loaded when it is asked for: a process serves one. */
export const handlers: Readonly<Record<FunctionName, () => Promise<MakeHandler>>> = {
  build: async () => (await import("./build.ts")).build,
  deploy: async () => (await import("./deploy.ts")).deploy,
  verify: async () => (await import("./verify.ts")).verify,
  rollout: async () => (await import("./rollout.ts")).rollout,
  rollback: async () => (await import("./rollback.ts")).rollback,
  notify: async () => (await import("./notify.ts")).notify,
  warmup: async () => (await import("./warmup.ts")).warmup,
  sweep: async () => (await import("./sweep.ts")).sweep,
};
