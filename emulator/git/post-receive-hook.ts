/** The file below the root of all repositories in which a running git remote leaves its address. */
export const addressFile = "git-remote.json";

/** The shell script `hooks/post-receive`: runs the program beside it with the Node that made it, or with any other. */
export function hookScript(node: string): string {
  const quoted = `'${node.replaceAll("'", "'\\''")}'`;
  return `#!/bin/sh\nnode=${quoted}\n[ -x "$node" ] || node=node\nexec "$node" "$(dirname "$0")/post-receive.mjs"\n`;
}

/**
 * The program `hooks/post-receive.mjs`: tells the running git remote which refs moved and prints its answer, which git
 * shows to who pushes as `remote:` lines. A push never fails because of it.
 */
export const hookProgram = `import { readFileSync } from "node:fs";
import { dirname, join, basename } from "node:path";

const repository = process.cwd();
const owner = dirname(repository);
const quiet = "The push is stored, but the local git remote of Gantry is not running, so nobody was told of it.";
const updates = readFileSync(0, "utf8").trim().split("\\n").filter(Boolean).map((line) => {
  const [before, after, ref] = line.split(" ");
  return { before, after, ref };
});
try {
  const { url } = JSON.parse(readFileSync(join(dirname(owner), "${addressFile}"), "utf8"));
  const answer = await fetch(url + "/_cloud/git/pushes", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ repository: basename(owner) + "/" + basename(repository, ".git"), updates }),
    signal: AbortSignal.timeout(30000),
  });
  const { lines } = await answer.json();
  for (const line of lines) console.log(line);
} catch {
  console.log(quiet);
  console.log("Start it (npm start); it then finds the tags that it missed.");
}
`;
