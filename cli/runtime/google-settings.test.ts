import { expect } from "chai";
import { readGoogleSettings } from "./google-settings.ts";

const env = { GOOGLE_CLOUD_PROJECT: "p" };

describe("readGoogleSettings()", () => {
  it("needs the project, and takes Google's own for all that is not named", () => {
    expect(readGoogleSettings(env)).to.deep.equal({
      project: "p",
      topicPrefix: "",
      database: "(default)",
      emulators: { pubsub: null, firestore: null },
      push: null,
      files: { server: null, policy: null },
      publicUrl: null,
    });
    expect(readGoogleSettings({})).to.deep.equal({
      missing: ["GOOGLE_CLOUD_PROJECT: the project that Gantry runs in"],
    });
  });

  it("names every variable that is malformed at once", () => {
    const wrong = {
      GANTRY_TOPIC_PREFIX: "9 lives",
      PUBSUB_EMULATOR_HOST: "http://localhost:1",
      FIRESTORE_EMULATOR_HOST: "localhost",
    };
    const read = readGoogleSettings(wrong);
    expect("missing" in read && read.missing.map((line) => line.split(":")[0])).to.deep.equal([
      "GOOGLE_CLOUD_PROJECT",
      "GANTRY_TOPIC_PREFIX",
      "PUBSUB_EMULATOR_HOST",
      "FIRESTORE_EMULATOR_HOST",
    ]);
  });

  it("asks another signer's keys beside the emulator only", () => {
    const push = {
      GANTRY_PUSH_ACCOUNT: "a@p",
      GANTRY_PUSH_AUDIENCE: "https://f",
      GANTRY_PUSH_KEYS: "http://k",
    };
    const keysUrl = (more: object) => {
      const read = readGoogleSettings({ ...env, ...push, ...more });
      return "missing" in read ? read.missing : read.push?.keysUrl;
    };
    expect(keysUrl({})).to.equal(null);
    expect(keysUrl({ PUBSUB_EMULATOR_HOST: "127.0.0.1:8085" })).to.equal("http://k");
  });
});
