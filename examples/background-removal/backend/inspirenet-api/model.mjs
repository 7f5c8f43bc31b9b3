import { setTimeout as sleep } from "node:timers/promises";
import { settings } from "./settings.mjs";

let weights = null;
let loadSeconds = 0;

/** Takes as long and holds as much memory as it is told to, as loading real weights would. */
export async function loadModel() {
  const start = performance.now();
  await sleep(settings.modelLoadSeconds * 1000);
  weights = Buffer.alloc(settings.modelMemoryMib * 1024 * 1024, 1);
  loadSeconds = Math.round(performance.now() - start) / 1000;
}

/** What is loaded, and where it runs. */
export function modelInfo() {
  return {
    model: `colour-key-${settings.mode}`,
    device: settings.device,
    loaded: weights !== null,
    load_seconds: loadSeconds,
    memory_mib: settings.modelMemoryMib,
    target_size: settings.targetSize,
  };
}
