import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { buildCauses } from "../shared/domain/build-report.ts";
import { cliErrorCodes } from "./complaint.ts";

const root = new URL("..", import.meta.url).pathname;
const page = readFileSync(join(root, "docs/errors.md"), "utf8");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** The words of a union of texts, as the source declares it. */
function union(path: string, name: string): string[] {
  const [, body = ""] = new RegExp(`type ${name} =([^;]+);`).exec(read(path)) ?? [];
  return [...body.matchAll(/"([a-z-]+)"/g)].map(([, code = ""]) => code);
}

/** The codes of the refusals that admission makes, whichever way they are written there. */
function admissionCodes(): string[] {
  const files = ["admit", "find-tagged", "given-image"].map((name) => read(`shared/usecases/${name}.ts`));
  const made = [
    ...files.join("\n").matchAll(/(?:code: |say\(\s*|^ +"?(?:not-found|denied|unusable)"?: )"([a-z-]+)"/gm),
  ];
  return made.map(([, code = ""]) => code);
}

/** The keys of the table of the HTTP border. */
function problemCodes(): string[] {
  const [, table = ""] = /const meanings = \{(.*?)\} as const/s.exec(read("service/problem.ts")) ?? [];
  return [...table.matchAll(/^ +"?([a-z-]+)"?: \{ status/gm)].map(([, code = ""]) => code);
}

const sources: readonly (readonly [string, readonly string[], number])[] = [
  ["FailureCode", union("shared/domain/service-state.ts", "FailureCode"), 20],
  ["BuildCause", buildCauses, 20],
  ["FindingCode", union("shared/domain/finding.ts", "FindingCode"), 20],
  ["RefusalCode", union("shared/domain/commands.ts", "RefusalCode"), 10],
  ["FreezeRefusalCode", union("shared/usecases/freeze-desk.ts", "FreezeRefusalCode"), 4],
  ["AppErrorCode", union("shared/ports/app-error.ts", "AppErrorCode"), 12],
  ["the admission", admissionCodes(), 12],
  ["the HTTP border", problemCodes(), 15],
  ["the command line", cliErrorCodes, 10],
];

const headings = [...page.matchAll(/^### (.+)$/gm)].map(([, heading = ""]) => heading);

describe("docs/errors.md", () => {
  for (const [name, codes, atLeast] of sources) {
    it(`has a heading for every code of ${name}`, () => {
      expect(codes).to.have.length.of.at.least(atLeast); // else the source is not read right any more
      expect(codes.filter((code) => !headings.includes(code))).to.deep.equal([]);
    });
  }

  it("has no heading that stands for nothing, and none twice", () => {
    const known = new Set(sources.flatMap(([, codes]) => codes));
    expect(headings.filter((heading) => !known.has(heading))).to.deep.equal([]);
    expect(headings).to.have.length(new Set(headings).size);
  });

  it("says of each code what it means, what it means for the traffic, and what to do", () => {
    const [, ...sections] = page.split(/^### /m);
    for (const section of sections) {
      expect(section).to.match(/^[a-z-]+\n\n- Meaning: .+\n- Traffic: .+\n- To do: .+\n/);
    }
  });

  it("has a heading for every code that the sources of the command line write", () => {
    const files = readdirSync(join(root, "cli"), { recursive: true, encoding: "utf8" });
    const own = files.filter((file) =>
      /^(?:(?:releases|deadletter|quarantine|freeze)\/)?[a-z-]+\.ts$/.test(file),
    );
    const made = own.flatMap((file) => [...read(`cli/${file}`).matchAll(/code: "([a-z-]+)"/g)]);
    const codes = new Set<string>([...cliErrorCodes, ...headings]);
    expect(made.map(([, code = ""]) => code).filter((code) => !codes.has(code))).to.deep.equal([]);
  });
});
