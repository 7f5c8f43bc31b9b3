import { expect } from "chai";
import fc from "fast-check";
import { documentId } from "./document-id.ts";

describe("documentId()", () => {
  it("keeps what may stand as it is, and no slash", () => {
    expect(documentId("r-1booj9bn")).to.equal("r-1booj9bn");
    expect(documentId("shop/europe-west1/api")).to.equal("shop%2Feurope-west1%2Fapi");
  });

  for (const text of [".", "..", "__all__", "__"])
    it(`gives ${text} an id that Firestore takes`, () => {
      expect(documentId(text)).to.not.match(/^(?:\.{1,2}|__.*__)$/);
    });

  it("gives any text an id of its own that Firestore takes", () => {
    const anyText = fc.oneof(
      fc.string({ unit: "binary", maxLength: 900 }),
      fc.constantFrom("", ".", "..", "...", "%2E", "%2E%2E", "%5F%5Fx__", "__x__", "a/b", "a%2Fb"),
    );
    fc.assert(
      fc.property(anyText, anyText, (one, two) => {
        const id = documentId(one);
        expect(Buffer.byteLength(id)).to.be.within(1, 1_500);
        expect(id).to.not.match(/\/|^\.{1,2}$|^__.*__$/);
        expect(id === documentId(two)).to.equal(one === two);
      }),
      { numRuns: 500, seed: 2026 },
    );
  });
});
