import { expect } from "chai";
import { AppError } from "../../ports/app-error.ts";
import { packed, unpacked } from "./packed-json.ts";

describe("a value in a document", () => {
  it("is text that a person can read where it is short", () => {
    expect(packed({ a: [1, null] }, "it")).to.equal('{"a":[1,null]}');
  });

  it("is packed where it is long, and comes out as it went in", () => {
    const long = { text: "a release that goes well. ".repeat(20_000) };
    const field = packed(long, "it");
    expect(field).to.be.instanceOf(Uint8Array);
    expect(field.length).to.be.below(10_000);
    expect(unpacked({ body: field })).to.deep.equal(long);
  });

  it("that does not fit into a document is refused before it is written, and says what it is", () => {
    const bytes = Array.from({ length: 300_000 }, () => Math.random().toString(36).slice(2));
    expect(() => packed(bytes, "The state of api"))
      .to.throw(
        AppError,
        /^The state of api has \d+ bytes, packed, and a document of Firestore holds 921600;/,
      )
      .that.includes({ code: "store-unavailable", transient: false });
  });

  it("that something else wrote is told apart from one of Gantry's", () => {
    expect(() => unpacked({ body: 7 })).to.throw(AppError, /no field body that Gantry can read/);
    expect(() => unpacked({})).to.throw(AppError, /no field body/);
  });
});
