import { expect } from "chai";
import { isSameName, isSamePerson } from "./person-name.ts";

describe("one person", () => {
  it("has one login in capitals and small letters", () => {
    expect(isSameName("Ada-L", "ada-l")).to.equal(true);
    expect(isSameName("ada", "ada-l")).to.equal(false);
  });

  const rows: readonly (readonly [string, string | null, string, string | null, boolean])[] = [
    ["lee", "U0LEE", "lee the second", "U0LEE", true], // renamed in chat a minute ago
    ["lee", "U0LEE", "LEE", null, true], // in chat, then through the API
    ["lee", "U0LEE", "joe", "U0JOE", false],
    ["lee", null, "joe", null, false], // without ids nothing is the same about them
    ["lee", null, "joe", "U0JOE", false],
  ];
  for (const [name, id, otherName, otherId, same] of rows)
    it(`${name} (${id}) ${same ? "is" : "is not"} ${otherName} (${otherId})`, () => {
      const actor = (called: string, by: string | null) =>
        by === null ? { name: called } : { name: called, id: by };
      expect(isSamePerson(actor(name, id), actor(otherName, otherId))).to.equal(same);
      expect(isSamePerson(actor(otherName, otherId), actor(name, id))).to.equal(same);
    });
});
