import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Complaint } from "../complaint.ts";
import { type EngineChoice, readServer } from "./server.ts";

const container: EngineChoice = { usual: "google", hasEmbedded: false };
const machine: EngineChoice = { usual: "embedded", hasEmbedded: true };
const secrets = { GANTRY_WEBHOOK_SECRETS: "s", GANTRY_TOKENS: "maya=a-token-of-maya-here" };

describe("readServer()", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "gantry-server-"));
    await writeFile(join(folder, "gantry.policy.yaml"), "version: 1\nrepositories: []\n");
  });
  after(() => rm(folder, { recursive: true }));

  async function read(settings: string, env: Readonly<Record<string, string>>, choice: EngineChoice) {
    await writeFile(join(folder, "gantry.server.yaml"), `version: 1\n${settings}`);
    return readServer({ config: null, choice }, { env, cwd: folder });
  }

  async function complaint(settings: string, env: Readonly<Record<string, string>>, choice: EngineChoice) {
    const error = await read(settings, env, choice).catch((thrown: unknown) => thrown);
    if (!(error instanceof Complaint)) throw new Error("It did not complain.");
    return error.text;
  }

  it("takes the program's usual engine where the settings name none", async () => {
    expect((await read("", secrets, machine)).google).to.equal(null);
    const env = { ...secrets, GOOGLE_CLOUD_PROJECT: "acme-ops" };
    expect((await read("", env, container)).google).to.include({ project: "acme-ops" });
    expect((await read("engine: embedded\n", env, machine)).google).to.equal(null);
    expect((await read("engine: google\n", env, machine)).google).to.include({ project: "acme-ops" });
  });

  it("names what is missing for secrets, chat and Google at once, each with what to type", async () => {
    const slack = "slack: { teams: [T0123ABCD], app: A0123ABCD }\n";
    const { why, next } = await complaint(slack, {}, container);
    const names = [
      "GANTRY_WEBHOOK_SECRETS",
      "GANTRY_TOKENS",
      "GANTRY_SLACK_TOKEN",
      "GANTRY_SLACK_SIGNING_SECRETS",
      "GOOGLE_CLOUD_PROJECT",
    ];
    for (const name of names) expect(why).to.include(name);
    expect(next).to.deep.equal(names.map((name) => `export ${name}=…`));
  });

  it("refuses a file for the state of a program that has none", async () => {
    const { why } = await complaint("engine: embedded\n", secrets, container);
    expect(why).to.include("gone when it stops");
  });
});
