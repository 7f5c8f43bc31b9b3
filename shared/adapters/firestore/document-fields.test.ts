import { expect } from "chai";
import { readFields, wireFields } from "./document-fields.ts";

describe("the fields of a document", () => {
  it("come back as they were sent, and those that are null are not there", () => {
    const fields = { name: "api", count: 7, at: new Date(1_767_603_600_123), ids: ["a", "b"], none: null };
    const { none: _none, ...there } = fields;
    expect(readFields(wireFields(fields))).to.deep.equal(there);
  });

  for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
    it(`are refused where a number is ${value}, which would be dropped unheard`, () => {
      expect(() => wireFields({ dueAt: value })).to.throw(RangeError, "not a whole number");
    });
});
