/** `-f`, `-f=` or `--file` and its value, on one line or as two entries of a YAML list. */
const fileFlag = /(?:^|[\s"'[,])(?:-f|--file)(?:=|["']?\s*,\s*["']?|["']?\s*\n\s*-\s*["']?|\s+)([\w./-]+)/;

/**
 * The Dockerfile that the text of a Cloud Build file names to `docker build`, relative to where it runs; `Dockerfile` where
 * it names none, as docker itself takes it.
 */
export function dockerfileNamed(buildFile: string): string {
  return fileFlag.exec(buildFile)?.[1] ?? "Dockerfile";
}
