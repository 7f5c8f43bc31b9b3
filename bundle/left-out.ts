import type { Plugin } from "esbuild";
import { sdks } from "./function-sdks.ts";

/**
 * Leaves out the packages that a program has no right to use. Should it ask for one all the same, the call fails and says why:
 * its account could not make it either.
 */
export function leaveOut(name: string, kept: readonly string[]): Plugin {
  return {
    name: "leave-out",
    setup: (build) => {
      for (const sdk of sdks.filter((one) => !kept.includes(one))) {
        build.onResolve({ filter: new RegExp(`^${sdk}(?:/|$)`) }, () => ({
          path: sdk,
          namespace: "left-out",
        }));
      }
      build.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({
        contents: `throw new Error(${JSON.stringify(`${name} is bundled without ${path}, for its service account may not use it: gantry iam`)});`,
      }));
    },
  };
}

/**
 * Google's clients bring their messages twice: as JSON, which they work with, and as generated code of a megabyte each, which
 * they only hand on under the name `protos` and which Gantry uses for types alone.
 */
export const withoutGeneratedMessages: Plugin = {
  name: "without-generated-messages",
  setup: (build) => {
    build.onLoad({ filter: /[\\/]@google-cloud[\\/][a-z-]+[\\/]build[\\/]protos[\\/]protos\.js$/ }, () => ({
      contents: "module.exports = {};",
    }));
  },
};

/** The framework is one file beside the function, so that the process that starts it and the function share its registry. */
export const frameworkBeside: Plugin = {
  name: "framework-beside",
  setup: (build) => {
    build.onResolve({ filter: /^@google-cloud\/functions-framework$/ }, () => ({
      path: "./framework/framework.cjs",
      external: true,
    }));
  },
};

/** A process on Google Cloud keeps nothing in SQLite, whose program is no JavaScript and would have to come along. */
export const withoutSqlite: Plugin = {
  name: "without-sqlite",
  setup: (build) => {
    build.onResolve({ filter: /^libsql$/ }, ({ importer }) => ({
      errors: [{ text: `${importer} brings libsql into a program that keeps its state on Firestore` }],
    }));
  },
};

/** zod brings its messages in fifty languages, two thirds of its size; Gantry speaks one. */
export const oneLanguage: Plugin = {
  name: "one-language",
  setup: (build) => {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};
