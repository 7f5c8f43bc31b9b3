import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readServerFiles } from "./server-files.ts";

describe("the file of the server", () => {
  it("names in one line of a log the key that it does not know, as an older version does with a newer one's file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "gantry-server-file-"));
    try {
      const file = join(folder, "gantry.server.yaml");
      await writeFile(file, "version: 1\nkeyOfLater: 1\n");
      const refused = await readServerFiles({ server: file, policy: null, cwd: folder }).catch(String);
      expect(refused).to.contain("Gantry does not start: ").and.to.contain(file).and.to.contain("keyOfLater");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
