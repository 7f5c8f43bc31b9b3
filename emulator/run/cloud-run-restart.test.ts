import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import {
  CloudSession,
  QUICK_POLLS,
  template,
  toRevision,
  unchecked,
  until,
} from "./testing/cloud-session.ts";
import { ContainerFolder, GOOD_SERVER } from "./testing/container-folder.ts";

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = await once(child.stdout ?? child, "data");
  return String(chunk).trim();
}

process.env["METADATA_SERVER_DETECTION"] = "none";

describe("A local Cloud Run with a state directory", () => {
  const images = new ContainerFolder();
  let child: ChildProcess | null = null;
  let session = new CloudSession({ stateDirectory: images.directory }, images);

  before(() => {
    images.add("v1", GOOD_SERVER);
    images.add("v2", GOOD_SERVER);
  });

  afterEach(async () => {
    await session.stop();
    child?.kill("SIGKILL");
  });

  after(() => images.remove());

  it("has after a restart the same services at the same addresses, with their revisions and operations", async () => {
    await session.start();
    await session.create("lasting", { template: template("v1", { revision: "lasting-one" }) });
    const body = {
      template: template("v2", { revision: "lasting-two" }),
      traffic: [toRevision("lasting-one", 100), toRevision("lasting-two", 0, "cand")],
    };
    const operation = await session.write("lasting", body, ["template", "traffic"]);
    await operation.promise();
    const before = await session.get("lasting");
    await session.stop();
    await session.start();
    const after = await session.get("lasting");
    expect({ ...after, urls: [] }).to.deep.equal({ ...before, urls: [] });
    expect((await session.ask(after.uri)).revision).to.equal("lasting-one");
    expect((await session.ask(after.trafficStatuses?.[1]?.uri)).revision).to.equal("lasting-two");
    const again = await session.services.checkUpdateServiceProgress(operation.name ?? "");
    expect(again.done).to.equal(true);
  });

  it("goes on with a write that was under way", async () => {
    session = new CloudSession({ stateDirectory: images.directory, timings: { reconcileMs: 250 } }, images);
    await session.start();
    const parent = "projects/demo/locations/us-central1";
    const request = { parent, serviceId: "halfway", service: { template: unchecked("v1") } };
    const [operation] = await session.services.createService(request);
    await session.stop();
    await session.start();
    expect((await session.get("halfway")).reconciling).to.equal(true);
    await until(async () => (await session.get("halfway")).observedGeneration === "1");
    const again = await session.services.checkCreateServiceProgress(operation.name ?? "");
    expect(again.done).to.equal(true);
  });

  it("leaves no instance behind when it is killed, and serves again when it is started anew", async () => {
    const script = fileURLToPath(new URL("./testing/cloud-process.ts", import.meta.url));
    const args = ["--import", "tsx", script, images.directory];
    child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    session.connect(Number(await firstLine(child)));
    const service = { template: template("v1", { revision: "killed-one" }) };
    const parent = "projects/demo/locations/us-central1";
    const [operation] = await session.services.createService(
      { parent, serviceId: "killed", service },
      QUICK_POLLS,
    );
    await operation.promise();
    const { pid } = await session.ask((await session.get("killed")).uri);
    expect(isRunning(pid)).to.equal(true);
    child.kill("SIGKILL");
    await until(() => !isRunning(pid));
    await session.stop();
    await session.start();
    expect((await session.ask((await session.get("killed")).uri)).revision).to.equal("killed-one");
  });
});
