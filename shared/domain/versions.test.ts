import { expect } from "chai";
import { tagName } from "../../test/support/fixtures.ts";
import {
  isRepositoryName,
  parseBuildId,
  parseCommitSha,
  parseImageDigest,
  parseReleaseId,
  parseRevisionName,
  parseServiceKey,
  parseTagName,
} from "./ids.ts";
import { isOlder } from "./versions.ts";
import { endStatuses, isEnd, releaseStatuses, statusWords } from "./words.ts";

describe("isOlder", () => {
  const cases = [
    ["v1.0.0", "v1.0.1", true],
    ["v1.9.0", "v1.10.0", true],
    ["v1.10.0", "v1.9.0", false],
    ["v1.0.0", "v1.0.0", false],
    ["1.2", "v1.2.1", true],
    ["v1.2.1", "1.2", false],
    ["app-1.0.0", "app-2.0.0", true],
    ["nightly", "v1.0.0", false],
    ["v1.0.0", "nightly", false],
    ["v1.0.0-rc1", "v1.0.0", false],
  ] as const;
  for (const [left, right, expected] of cases)
    it(`says that ${left} is ${expected ? "" : "not "}older than ${right}`, () => {
      expect(isOlder(tagName(left), tagName(right))).to.equal(expected);
    });
});

describe("parsers of ids", () => {
  const cases = [
    [parseServiceKey, "perkieprints-processing/us-central1/inspirenet-bg-removal-api", "us-central1/api"],
    [parseServiceKey, "example.com:my-project/europe-west4/a", "my-project/us-central1/Api"],
    [parseReleaseId, "r-1a2b3c4d", "../etc"],
    [parseRevisionName, "api-00070-2ch", "Api_1"],
    [parseCommitSha, "0123456789abcdef0123456789abcdef01234567", "HEAD"],
    [parseImageDigest, `sha256:${"a".repeat(64)}`, "sha256:abc"],
    [parseBuildId, "2f1c3d7e-0000-4000-8000-000000000000", "a/b"],
    [parseTagName, "v1.0.0", "v1;rm -rf /"],
    [parseTagName, "release/2026-11-22+b1", "<script>"],
    [parseTagName, "a".repeat(128), "a..b"],
    [parseTagName, "v1", "v1.lock"],
    [parseTagName, "v1", "a//b"],
    [parseTagName, "v1", "-v1"],
  ] as const;
  for (const [parse, good, bad] of cases)
    it(`takes ${good.slice(0, 40)} and not ${bad}`, () => {
      expect(parse(good)).to.equal(good);
      expect(parse(bad)).to.equal(null);
    });
});

describe("isRepositoryName", () => {
  for (const name of ["perkie/background-removal", "a/b.c_d-e"])
    it(`takes ${name}`, () => {
      expect(isRepositoryName(name)).to.equal(true);
    });
  for (const name of ["*/*", "perkie", "../etc", "a/..", "a/b/c", "a b/c"])
    it(`does not take ${name}`, () => {
      expect(isRepositoryName(name)).to.equal(false);
    });
});

describe("status words", () => {
  it("exist for every status, and every end is a status", () => {
    expect(Object.keys(statusWords)).to.deep.equal([...releaseStatuses]);
    expect(releaseStatuses.filter(isEnd)).to.have.members([...endStatuses]);
  });
});
