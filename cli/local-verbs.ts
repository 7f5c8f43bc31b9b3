import type { CliIo } from "./cli-io.ts";
import type { DevOptions } from "./dev.ts";
import type { RehearseOptions } from "./rehearse.ts";
import type { ServeOptions } from "./serve.ts";

/** Runs until it is done or `io.stopping` aborts; answers with the exit code. */
export type LocalVerb<Options> = (options: Options, io: CliIo) => Promise<number>;

/** The verbs that run Gantry itself. One that is not here is not in the program, nor in its help. */
export type LocalVerbs = Readonly<{
  dev?: LocalVerb<DevOptions>;
  serve?: LocalVerb<ServeOptions>;
  rehearse?: LocalVerb<RehearseOptions>;
}>;

/** Each loads its module when it is called, so that `gantry status` never pays for a server. */
export const localVerbs: LocalVerbs = {
  dev: async (options, io) => (await import("./dev/main.ts")).runDev(options, io),
  serve: async (options, io) => (await import("./serve/main.ts")).runServe(options, io),
  rehearse: async (options, io) => (await import("./rehearse/main.ts")).runRehearse(options, io),
};
