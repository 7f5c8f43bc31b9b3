import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { writeBundles } from "../../bundle/write-bundles.ts";
import { pubsubAdmin } from "../../emulator/google/pubsub-admin.ts";
import { openFirestore } from "../../shared/adapters/firestore/open-firestore.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import {
  deadLetterTopic,
  type FunctionName,
  functionNames,
  ownTopics,
} from "../../shared/install/google-parts.ts";
import { topics } from "../../shared/ports/bus.ts";
import { releaseIdFor } from "../../shared/usecases/release-id.ts";
import { pushBody, startBundle } from "../support/bundle-process.ts";
import { releaseRequest } from "../support/function-harness.ts";
import { sharedFirestore, sharedPubSub, uniqueProject } from "../support/google-emulators.ts";
import { silentLog } from "./firestore-engine.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const service = "acme-prod/us-central1/web";

const call = (kind: string) => ({ data: { service, work: `r/${kind}/0` }, attributes: { service, kind } });

/** A real message for each function, which makes it read its state. */
const pushes: Readonly<
  Record<
    FunctionName,
    Readonly<{
      topic: string;
      subscription: string;
      data: unknown;
      attributes?: Readonly<Record<string, string>>;
    }>
  >
> = {
  build: {
    topic: topics.releases,
    subscription: "build-releases",
    data: releaseRequest({ repository: "nobody/nothing" }),
  },
  deploy: { topic: topics.work.deploy, subscription: "deploy-work", ...call("deploy-candidate") },
  verify: { topic: topics.work.verify, subscription: "verify-work", ...call("verify-candidate") },
  rollout: { topic: topics.work.rollout, subscription: "rollout-work", ...call("watch") },
  rollback: { topic: topics.work.rollback, subscription: "rollback-work", ...call("restore-stable") },
  notify: {
    topic: topics.events,
    subscription: "notify-facts",
    data: { service, type: "went-live", releaseId: "abcd1234" },
    attributes: { service, release: "abcd1234", type: "went-live" },
  },
  warmup: { topic: topics.work.warmup, subscription: "warmup-work", ...call("set-minimum") },
  sweep: { topic: topics.sweep, subscription: "sweep-clock", data: {} },
};

describe("the bundles of the functions", () => {
  let folder: string;
  let env: Readonly<Record<string, string>>;
  let refused: (id: string) => Promise<unknown>;
  let close: () => Promise<void>;

  before(async function () {
    const [firestore, pubsub] = [await sharedFirestore(this), await sharedPubSub(this)];
    this.timeout(120_000);
    folder = await mkdtemp(join(tmpdir(), "gantry-bundles-"));
    const project = uniqueProject();
    const admin = await pubsubAdmin({ host: pubsub.host, project });
    await admin.createTopics([...new Set([...ownTopics, deadLetterTopic])]);
    await admin.close();
    await writeFile(
      join(folder, "gantry.server.yaml"),
      "version: 1\nsweepFor: 0s\nslack: { teams: [T0123ABCD], app: A0123ABCD, api: http://127.0.0.1:9/api/ }\n",
    );
    await writeFile(join(folder, "gantry.policy.yaml"), "repositories: []\n");
    env = {
      GOOGLE_CLOUD_PROJECT: project,
      PUBSUB_EMULATOR_HOST: pubsub.host,
      FIRESTORE_EMULATOR_HOST: firestore.host,
      GANTRY_SERVER_FILE: join(folder, "gantry.server.yaml"),
      GANTRY_POLICY_FILE: join(folder, "gantry.policy.yaml"),
    };
    const [host = "", port = ""] = firestore.host.split(":");
    const endpoint = { host, port: Number(port), insecure: true };
    const opened = openFirestore({
      project,
      database: "(default)",
      endpoint,
      clock: systemClock,
      log: silentLog,
      publish: async () => undefined,
    });
    refused = (id) => opened.store.refusal(id);
    close = opened.close;
    await writeBundles({ root, out: folder, names: functionNames });
  });
  after(async () => {
    await close?.();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  for (const name of functionNames)
    it(`start ${name} from its own files alone, and take a push`, async () => {
      const bundle = await startBundle({ folder: join(folder, name), name, env });
      try {
        const { topic, ...push } = pushes[name];
        const path = `/projects/${env["GOOGLE_CLOUD_PROJECT"]}/topics/${topic}`;
        const subscription = `projects/${env["GOOGLE_CLOUD_PROJECT"]}/subscriptions/${push.subscription}`;
        const answer = await fetch(bundle.url + path, pushBody({ ...push, subscription }));
        expect(answer.status, bundle.lines.join("\n")).to.equal(204);
        expect(bundle.lines.filter((line) => /"severity":"(?:ERROR|CRITICAL)"/.test(line))).to.deep.equal([]);
        if (name === "build")
          expect(await refused(releaseIdFor("github/1"))).to.include({ code: "repository-not-listed" });
        const nonsense = await fetch(bundle.url + path, pushBody({ subscription, data: "nonsense" }));
        expect(nonsense.status, bundle.lines.join("\n")).to.equal(204); // laid aside, which is published
      } finally {
        await bundle.stop();
      }
    }).timeout(60_000);

  for (const name of functionNames)
    it(`can load every part of ${name}`, async () => {
      await run(process.execPath, [join(folder, name, "framework/compile.cjs")], { cwd: tmpdir() });
    }).timeout(30_000);

  it("are archives that hold the same files", async () => {
    const unpacked = join(folder, "unpacked");
    await run("python3", ["-m", "zipfile", "-e", join(folder, "notify.zip"), unpacked]);
    await run("diff", ["-r", join(folder, "notify"), unpacked]);
  });

  it("install without a registry, as Google's buildpack does, and start by the framework's own name", async () => {
    const copy = join(folder, "installed");
    await cp(join(folder, "notify"), copy, { recursive: true });
    await run("npm", ["install", "--offline", "--no-audit", "--no-fund"], { cwd: copy });
    const bin = await readFile(join(copy, "node_modules/.bin/functions-framework"), "utf8");
    expect(bin).to.equal(await readFile(join(copy, "framework/start.cjs"), "utf8"));
    await run("npm", ["run", "--silent", "gcp-build"], { cwd: copy });
  }).timeout(60_000);
});
