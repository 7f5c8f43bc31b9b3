import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

const root = new URL("..", import.meta.url).pathname;
const howTo = readdirSync(join(root, "docs/how-to")).map((name) => `docs/how-to/${name}`);
const pages = ["README.md", "CONTRIBUTING.md", ...howTo];

/** The lines of a page's blocks of commands, with their numbers and without the files that they write (`<<END`). */
function commandsOf(page: string): readonly (readonly [number, string])[] {
  const lines: [number, string][] = [];
  let isCommand = false;
  let end: string | null = null;
  for (const [at, line] of page.split("\n").entries()) {
    const fence = /^ *```(\w*)/.exec(line);
    if (end !== null) {
      if (line.trim() === end) end = null;
    } else if (fence) isCommand = /^(sh|bash|zsh)$/.test(fence[1] ?? "");
    else if (isCommand) {
      lines.push([at + 1, line]);
      end = /<<'?(\w+)'?/.exec(line)?.[1] ?? null;
    }
  }
  return lines;
}

/** What is in no quotes; `'` and `"` stand for what was. */
const bare = (line: string) =>
  line.replaceAll(/\\.|'[^']*'|"(?:\\.|[^"])*"/g, (quoted) => quoted.slice(0, 1));

// In zsh a line that is typed has no comments (INTERACTIVE_COMMENTS), and a pattern that finds no file ends the command (NOMATCH).
const wrongs = (page: string) =>
  commandsOf(page).flatMap(([at, line]) => (/(^|\s)#|[[\]?]/.test(bare(line)) ? [`${at}: ${line}`] : []));

describe("the commands that the pages give to type", () => {
  for (const name of pages) {
    it(`are taken by zsh as by bash: ${name}`, () => {
      expect(wrongs(readFileSync(join(root, name), "utf8"))).to.deep.equal([]);
    });
  }

  it("would be found wrong with a comment, or with brackets in no quotes", () => {
    const block = (line: string) => `\`\`\`sh\n${line}\n\`\`\`\n`;
    const bad = ["npm ci   # don't", "# all of it", "gh api -f config[url]=x", "   gantry deploy v1 # 'x'"];
    const good = ["gh api -f 'config[url]=x'", 'gantry off "f # 1"', "cat > a <<END\na: [1] # b\nEND", "a#b"];
    expect(bad.filter((line) => wrongs(block(line)).length === 0)).to.deep.equal([]);
    expect(good.flatMap((line) => wrongs(block(line)))).to.deep.equal([]);
  });
});
