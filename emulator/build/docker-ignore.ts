/** Reads a `.dockerignore`: true for a path (relative to the context, with `/`) that the build does not see. */
export function dockerIgnore(text: string): (path: string) => boolean {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ keeps: line.startsWith("!"), pattern: pathPattern(line.replace(/^!/, "")) }));
  return (path) => rules.reduce((ignored, rule) => (rule.pattern.test(path) ? !rule.keeps : ignored), false);
}

/** A glob as Go's filepath.Match and docker's `**` read it, matching the path itself and everything below it. */
export function pathPattern(glob: string): RegExp {
  const clean = glob
    .trim()
    .replace(/^\.?\/+/, "")
    .replace(/\/+$/, "");
  const source = clean.replace(/\*\*\/|\*\*|\*|\?|\[[^\]]*\]|[.+^${}()|\\]/g, (part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    return part.startsWith("[") ? part.replace(/^\[\^/, "[^") : `\\${part}`;
  });
  return new RegExp(`^${source}(?:/.*)?$`);
}
