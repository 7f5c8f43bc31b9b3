import { startCloudRun } from "../cloud-run.ts";
import { ContainerFolder, GOOD_SERVER } from "./container-folder.ts";

/** Runs a local Cloud Run on the state directory of the command line, and prints the port of its API. */
const [, , stateDirectory = ""] = process.argv;
const images = new ContainerFolder(stateDirectory);
images.add("v1", GOOD_SERVER);
const cloud = await startCloudRun({
  images,
  stateDirectory,
  timings: { reconcileMs: 5, trafficLagMs: 0 },
});
process.stdout.write(`${cloud.grpc.port}\n`);
