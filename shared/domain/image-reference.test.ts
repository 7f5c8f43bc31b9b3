import { expect } from "chai";
import { parseImageReference } from "./image-reference.ts";

const digest = `sha256:${"a".repeat(64)}`;

describe("parseImageReference()", () => {
  const good: readonly (readonly [string, object])[] = [
    ["api", { name: "api", registry: null, path: "api", tag: null, digest: null }],
    ["localhost:5000/api:v1", { registry: "localhost:5000", path: "api", tag: "v1" }],
    [
      "us-docker.pkg.dev/p/r/api:v1.0.0-c0ffee0",
      { registry: "us-docker.pkg.dev", path: "p/r/api", tag: "v1.0.0-c0ffee0" },
    ],
    [`us-docker.pkg.dev/p/r/api@${digest}`, { name: "us-docker.pkg.dev/p/r/api", tag: null, digest }],
    [`us-docker.pkg.dev/p/r/api:v1@${digest}`, { tag: "v1", digest }],
  ];
  for (const [text, parts] of good) {
    it(`reads ${text.slice(0, 60)}`, () => {
      expect(parseImageReference(text)).to.deep.include(parts);
    });
  }

  for (const text of [
    "",
    "us-docker.pkg.dev/p/API",
    "api:",
    "api@sha256:12",
    "a//b",
    "http://x/y",
    "../secret",
    "x.test/a b",
    `${"a".repeat(256)}`,
  ]) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      expect(parseImageReference(text)).to.equal(null);
    });
  }
});
