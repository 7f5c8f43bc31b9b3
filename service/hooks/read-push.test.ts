import { expect } from "chai";
import { readPush } from "./read-push.ts";

const commit = "5f1c0c8e6b9d4a7f3e2d1c0b9a8f7e6d5c4b3a29";
const zero = "0".repeat(40);
const payload = {
  ref: "refs/tags/v1.8.0",
  before: zero,
  deleted: false,
  forced: false,
  repository: { full_name: "perkie/background-removal" },
  pusher: { name: "ada-lovelace" },
  head_commit: { id: commit },
};
const tag = {
  kind: "tag",
  repository: "perkie/background-removal",
  tag: "v1.8.0",
  commit,
  pusher: "ada-lovelace",
  moved: false,
};

describe("readPush()", () => {
  for (const [what, changes, expected] of [
    ["a new tag", {}, tag],
    ["a tag in a folder", { ref: "refs/tags/api/v1.8.0" }, { ...tag, tag: "api/v1.8.0" }],
    ["a tag that was forced elsewhere", { forced: true }, { ...tag, moved: true }],
    ["a tag that stood elsewhere before", { before: commit }, { ...tag, moved: true }],
    ["a tag of something that is no commit", { head_commit: null }, { ...tag, commit: null }],
    ["a payload that leaves the commit out", { head_commit: undefined }, { ...tag, commit: null }],
  ] as const) {
    it(`reads ${what}`, () => {
      expect(readPush({ ...payload, ...changes })).to.deep.equal(expected);
    });
  }

  for (const [what, changes] of [
    ["a branch", { ref: "refs/heads/main" }],
    ["a branch named like a tag", { ref: "refs/heads/refs/tags/v1.8.0" }],
    ["a note", { ref: "refs/notes/commits" }],
    ["a deleted tag", { deleted: true, head_commit: null }],
  ] as const) {
    it(`ignores ${what}, and says why`, () => {
      const push = readPush({ ...payload, ...changes });
      expect(push).to.have.property("kind", "ignored");
      expect(push).to.have.property("reason").that.matches(/\.$/);
    });
  }

  for (const [what, value, place] of [
    ["nothing", undefined, ""],
    ["a text", "push", ""],
    [
      "a repository that is a path",
      { ...payload, repository: { full_name: "../../etc/passwd" } },
      "repository.full_name",
    ],
    ["a short commit", { ...payload, head_commit: { id: "5f1c0c8" } }, "head_commit.id"],
    ["a pusher without a name", { ...payload, pusher: { name: "" } }, "pusher.name"],
    ["a reference without end", { ...payload, ref: `refs/tags/${"v".repeat(2000)}` }, "ref"],
  ] as const) {
    it(`does not take ${what}, and names the place`, () => {
      const push = readPush(value);
      expect(push).to.have.property("kind", "invalid");
      expect(push)
        .to.have.nested.property("problems[0]")
        .that.matches(new RegExp(`^${place}: `));
    });
  }
});
