import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { limitProblems, mayRelease } from "../domain/policy.ts";
import { parseGantryYaml } from "./gantry-yaml.ts";
import { generatedFiles } from "./generated-files.ts";
import { parsePolicy } from "./policy-yaml.ts";

function example(name: string) {
  return { text: readFileSync(new URL(name, import.meta.url), "utf8"), file: name };
}

describe("files that are written from the schemas", () => {
  for (const { path, text } of generatedFiles()) {
    it(`has a current ${path}; else run node --import tsx shared/config/write-generated-files.ts`, () => {
      const file = new URL(`../../${path}`, import.meta.url);
      expect(existsSync(file) ? readFileSync(file, "utf8") : "").to.equal(text);
    });
  }

  it("holds only patterns that editors can read", () => {
    for (const { path, text } of generatedFiles().filter((file) => file.path.startsWith("schema/"))) {
      const patterns = [...text.matchAll(/"pattern": ("(?:[^"\\]|\\.)*")/g)].map(([, pattern]) =>
        JSON.parse(pattern ?? ""),
      );
      expect(patterns, path).to.have.length.above(5);
      for (const pattern of patterns) expect(() => new RegExp(pattern, "u"), pattern).to.not.throw();
    }
  });

  it("has examples that read without a problem and allow each other", () => {
    const config = parseGantryYaml(example("gantry.example.yaml"));
    const policy = parsePolicy(example("gantry.policy.example.yaml"));
    if (!config.ok || !policy.ok) throw new Error(JSON.stringify([config, policy]));
    const { source, service } = config.value;
    expect(mayRelease(policy.value, { repository: source.repository, service })).to.deep.equal({ ok: true });
    expect(limitProblems(policy.value, config.value)).to.deep.equal([]);
  });
});
