import { expect } from "chai";
import { parseDockerBuild } from "./docker-command.ts";
import { dockerIgnore } from "./docker-ignore.ts";
import { expandVariables, keyValues, parseDockerfile } from "./dockerfile.ts";

describe("a Dockerfile", () => {
  const read = (text: string) =>
    parseDockerfile(text).map(({ line, name, words, json }) => ({ line, name, words, exec: json !== null }));

  it("is read with comments, continued lines, flags and both forms of a command", () => {
    const text = [
      "# comment",
      "ARG VERSION=20",
      `from node:\${VERSION} AS build`,
      "",
      "RUN apt-get update \\",
      "    # a comment inside",
      "    && apt-get install -y libgl1",
      "COPY --from=build --chown=node:node a b /app/",
      'CMD ["node", "server.mjs"]',
      "ENTRYPOINT node server.mjs",
    ].join("\n");
    expect(read(text)).to.deep.equal([
      { line: 2, name: "ARG", words: ["VERSION=20"], exec: false },
      { line: 3, name: "FROM", words: [`node:\${VERSION}`, "AS", "build"], exec: false },
      {
        line: 5,
        name: "RUN",
        words: ["apt-get", "update", "&&", "apt-get", "install", "-y", "libgl1"],
        exec: false,
      },
      { line: 8, name: "COPY", words: ["a", "b", "/app/"], exec: false },
      { line: 9, name: "CMD", words: ["node", "server.mjs"], exec: true },
      { line: 10, name: "ENTRYPOINT", words: ["node", "server.mjs"], exec: false },
    ]);
  });

  const refused: [string, string][] = [
    ["", "the Dockerfile (Dockerfile) cannot be empty"],
    ["# only a comment\n", "the Dockerfile (Dockerfile) cannot be empty"],
    ["RUN true", "no build stage in current context"],
    ["FROM a\nRUNN true", "dockerfile parse error line 2: unknown instruction: RUNN"],
    ["FROM a b", "dockerfile parse error line 1: FROM requires either one or three arguments"],
    [
      "FROM a\n\nCOPY x",
      "dockerfile parse error line 3: COPY requires at least two arguments, but only one was provided. Destination could not be determined.",
    ],
    ["FROM a\nENV KEY", "dockerfile parse error line 2: ENV must have two arguments"],
    ["FROM a\nRUN", "dockerfile parse error line 2: RUN requires at least one argument"],
    ["FROM a\nWORKDIR", "dockerfile parse error line 2: WORKDIR requires exactly one argument"],
  ];
  for (const [text, message] of refused)
    it(`is refused with "${message}" for ${JSON.stringify(text)}`, () => {
      expect(() => parseDockerfile(text)).to.throw(message);
    });

  const pairs: [string, [string, string | null][]][] = [
    [
      "A=1 B=two",
      [
        ["A", "1"],
        ["B", "two"],
      ],
    ],
    [
      "A=\"x y\" B='z $w'",
      [
        ["A", "x y"],
        ["B", "z $w"],
      ],
    ],
    ["A=x\\ y", [["A", "x y"]]],
    ["KEY some value", [["KEY", "some value"]]],
    ["ONLY", [["ONLY", null]]],
    ["URL=http://h/?a=b", [["URL", "http://h/?a=b"]]],
  ];
  for (const [text, expected] of pairs)
    it(`has in ${JSON.stringify(text)} the pairs ${JSON.stringify(expected)}`, () => {
      expect(keyValues(text)).to.deep.equal(expected);
    });

  const expansions: [string, string][] = [
    [`$A/\${A}`, "1/1"],
    [`\${NONE:-x}\${A:-x}`, "x1"],
    [`\${NONE:+x}\${A:+x}`, "x"],
    ["\\$A $NONE.", "$A ."],
    [`\${NONE:-$A}`, "1"],
  ];
  for (const [text, expected] of expansions)
    it(`expands ${text} to "${expected}"`, () => {
      expect(expandVariables(text, { A: "1" })).to.equal(expected);
    });
});

describe("a .dockerignore", () => {
  const rows: [string, string, boolean][] = [
    ["node_modules", "node_modules/a/b.js", true],
    ["*.md", "README.md", true],
    ["*.md", "docs/README.md", false],
    ["**/*.md", "docs/a/README.md", true],
    ["*.md\n!README.md", "README.md", false],
    ["# comment\n\n.git", ".github/x", false],
    ["/dist/", "dist/main.js", true],
    ["a?c", "abc", true],
    ["**", "anything/at/all", true],
  ];
  for (const [text, path, ignored] of rows)
    it(`${JSON.stringify(text)} ${ignored ? "hides" : "shows"} ${path}`, () => {
      expect(dockerIgnore(text)(path)).to.equal(ignored);
    });
});

describe("a docker build command", () => {
  it("is read with its flags in both spellings", () => {
    const words =
      "--no-cache -t h/a:1 --tag=h/a:2 --pull -f d/Dockerfile --build-arg V=1=2 --label=k=v --target x --platform linux/amd64 .";
    expect(parseDockerBuild(words.split(" "))).to.deep.equal({
      tags: ["h/a:1", "h/a:2"],
      file: "d/Dockerfile",
      context: ".",
      noCache: true,
      buildArgs: { V: "1=2" },
      labels: { k: "v" },
      target: "x",
    });
  });

  const refused: [string, number, string][] = [
    ["-t h/a: .", 125, 'invalid argument "h/a:" for "-t, --tag" flag: invalid reference format'],
    ["--nocache .", 125, "unknown flag: --nocache"],
    ["-z .", 125, "unknown shorthand flag: 'z' in -z"],
    ["-t", 125, "flag needs an argument: -t"],
    ["-t a", 1, '"docker build" requires exactly 1 argument.'],
    [". .", 1, '"docker build" requires exactly 1 argument.'],
  ];
  for (const [words, exitCode, message] of refused)
    it(`is refused for "${words}" as docker does`, () => {
      const answer = parseDockerBuild(words.split(" "));
      expect(answer).to.include({ exitCode });
      expect("message" in answer ? answer.message : "").to.include(message);
    });
});
