import { createRequire } from "node:module";
import { types } from "node:util";
import type { Plugin } from "esbuild";

const found = new Map<string, readonly string[]>();

/** What a package of CommonJS exports; nothing for one of ES modules, whose exports esbuild knows by itself. */
function exportsOf(path: string, root: string): readonly string[] {
  const known = found.get(path);
  if (known !== undefined) return known;
  const whole: unknown = createRequire(`${root}/package.json`)(path);
  const names = types.isModuleNamespaceObject(whole) ? [] : Object.keys(Object(whole));
  const named = names.filter((name) => /^(?!default$|__esModule$)[A-Za-z_$][\w$]*$/.test(name));
  found.set(path, named);
  return named;
}

/**
 * Gives `await import(PACKAGE)` the named exports that Node finds in a package of CommonJS: of one that is split off, esbuild
 * keeps the default export alone.
 */
export function namedExports(root: string): Plugin {
  return {
    name: "named-exports",
    setup: (build) => {
      build.onResolve({ filter: /^[@a-z]/ }, ({ path, kind, namespace }) => {
        const isPackage = kind === "dynamic-import" && namespace === "file" && !path.startsWith("node:");
        return isPackage && exportsOf(path, root).length > 0 ? { path, namespace: "named" } : null;
      });
      build.onLoad({ filter: /.*/, namespace: "named" }, ({ path }) => ({
        resolveDir: root,
        contents: [
          `const whole = require(${JSON.stringify(path)});`,
          "export default whole;",
          ...exportsOf(path, root).map((name) => `export const ${name} = whole.${name};`),
        ].join("\n"),
      }));
    },
  };
}
