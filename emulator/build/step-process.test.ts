import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { runLocally } from "./step-process.ts";

describe("a step that runs as a process", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gantry-step-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("does not begin when its build ended while its folder was made", async () => {
    const stop = new AbortController();
    const going = runLocally({
      step: {
        name: "bash",
        args: ["-c", "sleep 30"],
        env: [],
        waitFor: [],
        secretEnv: [],
        allowExitCodes: [],
      },
      workingDirectory: folder,
      scratchDirectory: folder,
      env: [],
      say: () => undefined,
      signal: stop.signal,
    }).catch((error: unknown) => error);
    const reason = new Error("build exceeded its timeout");
    stop.abort(reason);
    expect(await going).to.equal(reason);
  });
});
