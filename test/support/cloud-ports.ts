import type { CloudPorts } from "../../cli/runtime/cloud-ports.ts";
import { fakeImages } from "./fake-images.ts";
import type { OutsideWorld } from "./function-harness.ts";
import { fakeLogs, fakeMetrics } from "./watched-cloud.ts";

/** What a whole Gantry in a test's own process is given as its cloud. */
export function cloudPorts(world: OutsideWorld): CloudPorts {
  return {
    run: world.runPort,
    build: world.buildPort,
    source: world.sourcePort,
    forge: null,
    probe: { request: async () => world.answer() },
    metrics: fakeMetrics(),
    logs: fakeLogs(),
    images: fakeImages(),
    lookups: null,
  };
}
