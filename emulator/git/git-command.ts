import { execFile } from "node:child_process";

/** A git command that failed: what it wrote to stderr. */
class GitFailure extends Error {}

const maximumOutput = 64 * 1024 * 1024;

/** Runs git in a folder and answers its output. @throws GitFailure with git's words. */
export function git(directory: string, ...words: readonly string[]): Promise<string> {
  return run(directory, words).then((output) => output.toString("utf8"));
}

/** The same for content that need not be text. */
export function gitBytes(directory: string, ...words: readonly string[]): Promise<Buffer> {
  return run(directory, words);
}

/** Runs git with something on its standard input. */
export function gitWithInput(directory: string, input: string, ...words: readonly string[]): Promise<string> {
  return run(directory, words, input).then((output) => output.toString("utf8"));
}

function run(directory: string, words: readonly string[], input?: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { encoding: "buffer", maxBuffer: maximumOutput } as const;
    const child = execFile("git", ["-C", directory, ...words], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new GitFailure(stderr.toString("utf8").trim() || error.message));
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input ?? "");
  });
}
