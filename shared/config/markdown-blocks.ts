/** A fenced block of a Markdown document: its text as it stands there, and the line that its first line has. */
export type MarkdownBlock = Readonly<{
  language: string; // in lower case; empty = none named
  text: string;
  line: number;
  name: string | null; // the file that the text above the block names, as in "**File**: `scripts/deploy.sh`"
}>;

/** A document taken apart: its fenced blocks, and its other lines with their numbers. */
export type MarkdownParts = Readonly<{
  blocks: readonly MarkdownBlock[];
  prose: readonly Readonly<{ text: string; line: number }>[];
}>;

type Open = { fence: string; language: string; line: number; lines: string[] };

/** Fences as CommonMark has them (three or more backticks or tildes, closed by as many), within lists too. */
export function markdownParts(document: string): MarkdownParts {
  const blocks: MarkdownBlock[] = [];
  const prose: { text: string; line: number }[] = [];
  let open: Open | null = null;
  let name: string | null = null;
  const close = (block: Open) => {
    const { language, lines, line } = block;
    blocks.push({ language, text: lines.join("\n"), line, name });
    name = null;
  };
  for (const [index, text] of document.split(/\r?\n/).entries()) {
    const [, fence, info = ""] = /^[\s>]*(`{3,}|~{3,})\s*([^`]*)$/.exec(text) ?? [];
    if (open !== null) {
      if (fence?.startsWith(open.fence) === true && info === "") {
        close(open);
        open = null;
      } else open.lines.push(text);
    } else if (fence === undefined) {
      prose.push({ text, line: index + 1 });
      name = nameIn(text) ?? (text.startsWith("#") ? null : name);
    } else open = { fence, language: languageOf(info), line: index + 2, lines: [] };
  }
  if (open !== null) close(open);
  return { blocks, prose };
}

function nameIn(text: string): string | null {
  return /`([^`\s]+\.(?:ya?ml|sh|bash))`/.exec(text)?.[1] ?? null;
}

function languageOf(info: string): string {
  return /^[\w+-]*/.exec(info.trim())?.[0].toLowerCase() ?? "";
}
