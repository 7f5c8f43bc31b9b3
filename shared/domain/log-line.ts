/** The longest line that is shown of a log, in UTF-16 units, and how much of it stands before what is left out. */
const longest = 240;
const headLength = 120;

/** `ESC [ … m` and the like, which colour a terminal; also where the `ESC` was taken away. */
const colours = /\p{Cc}\[[0-9;?]*[A-Za-z]|\[\d{1,2}(?:;\d{1,3})*m/gu;

/** What Cloud Build (`Step #0 - "image": `) and BuildKit (`#9 1.745 `, `1.745 `) put before the words of a program. */
const prefixes = [
  /^\d{4}-\d\d-\d\dT[\d:.]+Z?\s+/,
  /^Step #\d+(?: - "[^"]*")?: ?/,
  /^#\d+ (?:\d+\.\d+ )?/,
  /^\d+\.\d{2,4} /,
];

/** Which step a line of Cloud Build's log belongs to; null = to none, or the build has one step only. */
export function stepOfLine(line: string): number | null {
  const [, number] = /^Step #(\d+)\b/.exec(line) ?? [];
  return number === undefined ? null : Number(number);
}

/** What a program wrote, without colours, control characters, and what the builders put before it. */
export function plainLine(line: string): string {
  const visible = line.replace(colours, "").split("\r").filter(Boolean).at(-1) ?? "";
  const text = prefixes.reduce((rest, prefix) => rest.replace(prefix, ""), visible);
  return text.replace(/\p{Cc}/gu, " ").trimEnd();
}

const hidden = "[hidden]";

/** Shapes of secrets that are known by themselves, and the words before values that nobody should read. */
const secrets: readonly Readonly<{ shape: RegExp; shown: string }>[] = [
  { shape: /-----BEGIN [A-Z ]*PRIVATE KEY-----.*/g, shown: hidden },
  {
    shape: /\b(?:gh[pousr]_|github_pat_|glpat-|npm_|pypi-|xox[abeprs]-|xapp-|sk-|hf_)[\w-]{10,}/g,
    shown: hidden,
  },
  { shape: /\bAIza[\w-]{30,}|\bya29\.[\w.-]+|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, shown: hidden },
  { shape: /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, shown: hidden },
  { shape: /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/:@]*:[^\s/@]+@/gi, shown: `$1${hidden}@` },
  { shape: /(\bauthorization:\s*|\bbearer\s+|\bbasic\s+)[\w.~+/=-]{8,}/gi, shown: `$1${hidden}` },
  {
    shape:
      /((?:password|passwd|secret|token|api[_-]?key|credential)[\w-]{0,40}["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s"',;]+)/gi,
    shown: `$1${hidden}`,
  },
];

/** The line without what looks like a secret. What is hidden is gone: it is never stored or sent. */
export function withoutSecrets(line: string): string {
  return secrets.reduce((text, { shape, shown }) => text.replace(shape, shown), line);
}

/** A line of a log as people are shown it: plain, without secrets, and not too long. */
export function shownLine(line: string): string {
  const text = withoutSecrets(plainLine(line)).trim();
  if (text.length <= longest) return text;
  const tail = longest - headLength - 3;
  return `${text.slice(0, headLength)} … ${text.slice(-tail)}`;
}
