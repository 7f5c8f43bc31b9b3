import { expect } from "chai";
import fc from "fast-check";
import { parseImageReference } from "../domain/image-reference.ts";
import {
  type BuildFacts,
  gantrySubstitutions,
  mismatches,
  referencesIn,
  substitute,
  substitutionsFor,
} from "./build-substitutions.ts";

const facts: BuildFacts = {
  service: { project: "acme-prod", region: "us-central1", name: "web" },
  imageRepository: null,
  repository: "acme/web",
  directory: "",
  tag: "v1",
  commit: "0123456789abcdef0123456789abcdef01234567",
  release: "r-1",
};

describe("build substitutions", () => {
  it("are never empty, and make an image name, whatever the tag", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+/-]{0,127}$/), (tag) => {
        const values = gantrySubstitutions({ ...facts, tag });
        expect(Object.values(values).every((value) => value !== "")).to.equal(true);
        expect(parseImageReference(`${values._IMAGE}:${values._TAG}`)?.tag).to.equal(values._TAG);
        expect(values._TAG.endsWith("-0123456")).to.equal(true);
      }),
      { seed: 3 },
    );
  });

  it("take the image repository of gantry.yaml, and that of an old project with a domain", () => {
    const named = gantrySubstitutions({ ...facts, imageRepository: "us-docker.pkg.dev/p/images" });
    expect(named._IMAGE).to.equal("us-docker.pkg.dev/p/images/web");
    const old = gantrySubstitutions({ ...facts, service: { ...facts.service, project: "acme.com:prod" } });
    expect(old._IMAGE).to.equal("us-central1-docker.pkg.dev/acme.com/prod/gantry/web");
  });

  const texts: readonly (readonly [text: string, keys: readonly string[], replaced: string])[] = [
    ["plain", [], "plain"],
    [`$A-\${B}`, ["A", "B"], "1-2"],
    ["$AB", ["AB"], ""],
    ["$A.x$$A", ["A", "$"], "1.x$A"],
    ["$$$A", ["$", "A"], "$1"],
    [`$a \${a} $ \${A:-x} \${A`, [], `$a \${a} $ \${A:-x} \${A`],
    [`\${_C}`, ["_C"], ""],
    ["$toString", [], "$toString"],
  ];
  for (const [text, keys, replaced] of texts) {
    it(`replace "${text}" by "${replaced}"`, () => {
      expect(referencesIn(text).map(({ key, escaped }) => (escaped ? "$" : key))).to.deep.equal(keys);
      expect(substitute(text, { A: "1", B: "2" })).to.equal(replaced);
    });
  }

  it("are picked by what the texts use, escaped or not there", () => {
    const available = { _A: "1", _B: "2", SHORT_SHA: "3" };
    expect(substitutionsFor({ templates: [`\${_A}$$_B`, "$SHORT_SHA"], available })).to.deep.equal({
      _A: "1",
      SHORT_SHA: "3",
    });
  });

  it("are matched both ways in Cloud Build's words", () => {
    const found = mismatches({
      templates: ["$_A $PROJECT_ID $SHORT_SHA", `$FOO \${_B}`],
      substitutions: { _A: "1", TAG_NAME: "v1" },
    });
    expect(found).to.deep.equal([
      {
        kind: "unknown",
        key: "FOO",
        template: 1,
        message: 'key in the template "FOO" is not a valid built-in substitution',
      },
      {
        kind: "missing",
        key: "_B",
        template: 1,
        message:
          'key in the template "_B" is not matched in the substitution data; substitutions = map[TAG_NAME:v1 _A:1]',
      },
      {
        kind: "unused",
        key: "TAG_NAME",
        template: null,
        message: 'key "TAG_NAME" in the substitution data is not matched in the template',
      },
    ]);
  });
});
