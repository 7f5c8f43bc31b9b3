import { expect } from "chai";
import { AppError } from "../../ports/app-error.ts";
import { storeUnavailable } from "./store-error.ts";

describe("storeUnavailable()", () => {
  const cases = [
    ["SQLITE_FULL", "the disk is full", true],
    ["SQLITE_IOERR_FSYNC", "the disk could not be read or written", true],
    ["SQLITE_BUSY", "the file is busy", true],
    ["SQLITE_READONLY_DBMOVED", "the file or its folder may not be written", false],
    ["SQLITE_NOTADB", "the file is no Gantry store", false],
    ["SQLITE_CORRUPT_INDEX", "the file is damaged", false],
    ["ENOSPC", "the disk is full", true],
    ["EROFS", "the file or its folder may not be written", false],
    ["EACCES", "the file or its folder may not be written", false],
    ["SQLITE_TOOBIG", "the database refused", false],
  ] as const;
  for (const [code, sentence, transient] of cases)
    it(`says of ${code} that ${sentence}`, () => {
      const cause = Object.assign(new Error("its own words"), { code });
      const error = storeUnavailable({ file: "/data/gantry.db", error: cause });
      expect(error).to.include({ code: "store-unavailable", transient, cause });
      expect(error.message).to.equal(`/data/gantry.db: ${sentence} (its own words)`);
    });

  it("says of anything else that the database refused", () => {
    expect(storeUnavailable({ file: "f", error: "odd" }).message).to.equal("f: the database refused (odd)");
  });

  it("leaves an error that is one already as it is", () => {
    const error = new AppError({ code: "store-locked", message: "locked", transient: false });
    expect(storeUnavailable({ file: "f", error })).to.equal(error);
  });
});
