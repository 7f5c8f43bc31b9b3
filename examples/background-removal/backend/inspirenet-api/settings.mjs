import { tmpdir } from "node:os";
import { join } from "node:path";

const env = process.env;

/** Everything that the service takes from its environment. */
export const settings = {
  port: Number(env.PORT ?? 8080),
  service: env.K_SERVICE ?? "local",
  revision: env.K_REVISION ?? "local",
  mode: env.INSPIRENET_MODE ?? "base",
  targetSize: Number(env.TARGET_SIZE ?? 1024),
  device: env.LOCAL_GPU_TYPE ?? (env.NVIDIA_VISIBLE_DEVICES ? "nvidia" : "cpu"),
  modelLoadSeconds: Number(env.MODEL_LOAD_SECONDS ?? 0),
  modelMemoryMib: Number(env.MODEL_MEMORY_MIB ?? 8),
  bucket: env.CUSTOMER_STORAGE_BUCKET ?? "customer-images",
  storageDirectory: env.STORAGE_DIRECTORY ?? join(tmpdir(), "background-removal"),
  logLevel: env.LOG_LEVEL ?? "info",
};
