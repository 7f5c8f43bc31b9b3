import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { cliIo } from "../test/support/cli-harness.ts";
import { localVerbs } from "./local-verbs.ts";
import { buildProgram } from "./program.ts";
import { cliReference } from "./reference.ts";

const file = new URL("../docs/reference/cli.md", import.meta.url);

describe("docs/reference/cli.md", () => {
  const page = cliReference(buildProgram({ io: cliIo({ localVerbs }), finish: () => {} }));

  it("is what the program says; else run UPDATE_DOCS=1 npx mocha cli/reference.test.ts", () => {
    if (process.env["UPDATE_DOCS"] === "1") writeFileSync(file, page);
    expect(existsSync(file) ? readFileSync(file, "utf8") : "").to.equal(page);
  });

  it("shows an example for every verb", () => {
    const [, ...sections] = page.split(/^## gantry /m);
    expect(sections).to.have.length.of.at.least(13);
    for (const section of sections) expect(section).to.match(/^([a-z ]+)\n[\s\S]*Example:\n {2}\$ gantry \1/);
  });
});
