import { readFileSync } from "node:fs";
import { modelInfo } from "./model.mjs";
import { settings } from "./settings.mjs";

const { version } = JSON.parse(readFileSync(new URL("./package.json", import.meta.url), "utf8"));

/** Healthy once the model is in memory; says which code answers. */
export function health() {
  const { loaded } = modelInfo();
  const status = loaded ? 200 : 503;
  const { service, revision } = settings;
  return {
    status,
    json: { status: loaded ? "healthy" : "loading", version, service, revision, model_loaded: loaded },
  };
}
