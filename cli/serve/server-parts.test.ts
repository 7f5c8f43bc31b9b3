import { expect } from "chai";
import { pollsOf } from "./server-parts.ts";
import { parseServerSettings } from "./server-settings.ts";

function settingsOf(text: string) {
  const parsed = parseServerSettings({ file: "gantry.server.yaml", text });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

describe("how often Cloud Build is asked for a build", () => {
  it("is every 15 s where nobody else tells its end, and ever more rarely on Google Cloud", () => {
    const silent = settingsOf("version: 1\n");
    expect(pollsOf(silent, "embedded")).to.deep.equal({ pollBuildEveryMs: 15_000, pollBuildUpToMs: null });
    expect(pollsOf(silent, "google")).to.deep.equal({ pollBuildEveryMs: 60_000, pollBuildUpToMs: 300_000 });
  });

  it("is what the settings say, with either engine", () => {
    const told = settingsOf("version: 1\npollBuilds: 20s\n");
    for (const engine of ["embedded", "google"] as const)
      expect(pollsOf(told, engine)).to.deep.equal({ pollBuildEveryMs: 20_000, pollBuildUpToMs: null });
  });
});
