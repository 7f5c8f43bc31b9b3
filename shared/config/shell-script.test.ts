import { expect } from "chai";
import { readShellScript } from "./shell-script.ts";

/** Commands as lists of words. */
const commandsIn = (text: string) =>
  readShellScript(text).commands.map(({ words }) => words.map((word) => word.text));

const cases: readonly (readonly [string, string, readonly (readonly string[])[]])[] = [
  ["words of one line", "gcloud run  deploy web", [["gcloud", "run", "deploy", "web"]]],
  ["a continued line", "docker build \\\n  --pull \\\n  .", [["docker", "build", "--pull", "."]]],
  ["comments, and a # within a word", "#!/bin/bash\n# gcloud\ncurl a#b # c", [["curl", "a#b"]]],
  ["single quotes", "echo 'a $B \"c\"' d", [["echo", 'a $B "c"', "d"]]],
  ["double quotes", 'echo "a \\"b\\" \\$C" --x="d e"f', [["echo", 'a "b" $C', "--x=d ef"]]],
  ["protected characters", "echo a\\ b \\; c", [["echo", "a b", ";", "c"]]],
  [
    "variables that are set above",
    `A=1\nexport B="$A-\${A}"\necho $B \${B} "$B"`,
    [["echo", "1-1", "1-1", "1-1"]],
  ],
  ["variables that nothing sets", `echo $A \${A} \${A:-x y}`, [["echo", "$A", `\${A}`, `\${A:-x y}`]]],
  ["an assignment for one command", "A=1 make $A", [["make", "$A"]]],
  [
    "lists, pipes and groups",
    "a && b || c; d | e & (f) { g; }",
    [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["g"]],
  ],
  [
    "keywords",
    "if ! curl x; then exit 1; fi\nwhile true; do b; done",
    [["curl", "x"], ["exit", "1"], ["true"], ["b"]],
  ],
  [
    "commands within others",
    'A=$(git tag "x)")\necho "$A" `date`',
    [["git", "tag", "x)"], ["date"], ["echo", '$(git tag "x)")', "`date`"]],
  ],
  ["arithmetic, which runs nothing", "echo $((1 + 2)) a", [["echo", "$((1 + 2))", "a"]]],
  ["here-documents, which are not run", "cat <<EOF > a\ngcloud run deploy\nEOF\nb", [["cat"], ["b"]]],
  ["a here-document that never ends", "cat <<-'EOF'\nb", [["cat"]]],
  ["nothing", "", []],
];

describe("readShellScript", () => {
  for (const [what, text, expected] of cases) {
    it(`reads ${what}`, () => expect(commandsIn(text)).to.deep.equal(expected));
  }

  it("knows where each word stands, in the file that the script stands in", () => {
    const { commands } = readShellScript("a \\\n  'b' $(c\nd)", { line: 10, column: 4 });
    const places = commands.map(({ words }) =>
      words.map(({ text, line, column }) => `${text}@${line}:${column}`),
    );
    expect(places).to.deep.equal([["c@11:12"], ["d@12:4"], ["a@10:4", "b@11:6", "$(c\nd)@11:10"]]);
  });

  it("keeps redirects apart from words", () => {
    const [command] = readShellScript('echo "# $(date)" >> Dockerfile 2>&1 </dev/null').commands.slice(1);
    expect(command?.words.map(({ text }) => text)).to.deep.equal(["echo", "# $(date)"]);
    expect(command?.redirects.map(({ operator, target }) => `${operator} ${target.text}`)).to.deep.equal([
      ">> Dockerfile",
      ">& 1",
      "< /dev/null",
    ]);
  });

  for (const [text, column] of [
    ["echo 'a", 6],
    ['echo "a', 6],
    ["echo $(a", 6],
    [`echo \${a`, 6],
    ["echo $(b 'c)", 6],
  ] as const) {
    it(`says what never closes in ${text}`, () => {
      expect(readShellScript(text).unclosed).to.deep.equal({ line: 1, column });
    });
  }

  it("reads any text in time that grows with its length", () => {
    for (const text of [
      "$(".repeat(5_000),
      '"'.repeat(9_999),
      "\\".repeat(9_999),
      "${A".repeat(5_000),
      "`".repeat(9_999),
    ]) {
      const began = performance.now();
      readShellScript(text);
      expect(performance.now() - began).to.be.below(1_000);
    }
  });
});
