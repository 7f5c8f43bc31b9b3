import { defaultSettings } from "../../cli/runtime/default-settings.ts";
import type { SweepPace } from "../../cli/runtime/google-sweep.ts";
import { paceOf, sweepPaceOf } from "../../cli/serve/server-parts.ts";
import { parseServerSettings } from "../../cli/serve/server-settings.ts";
import type { StoreCall } from "../../shared/adapters/firestore/firestore-database.ts";
import type { ServiceKey } from "../../shared/domain/ids.ts";
import { type FunctionName, functionParts, handsOverAfterMs } from "../../shared/install/google-parts.ts";
import type { ChatPort } from "../../shared/ports/chat.ts";
import type { Settings } from "../../shared/usecases/deps.ts";

/** A virtual Google that goes at the pace of a real installation, with chat. */
export type Installation = Readonly<{
  settingsOf: (name: FunctionName) => Partial<Settings>;
  sweep: Readonly<{ everyMs: number; pace: SweepPace }>;
  chat: ChatPort;
  yaml: (service: ServiceKey) => string;
  buildMs: number;
  observe: (name: FunctionName, call: StoreCall) => void;
}>;

type Told = Pick<Installation, "chat" | "yaml" | "buildMs" | "observe">;

/** With the settings that functions have where `gantry.server.yaml` says nothing, and the clock of Cloud Scheduler. */
export async function installation(told: Told): Promise<Installation> {
  const parsed = parseServerSettings({ file: "gantry.server.yaml", text: "version: 1\n" });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { owner: _owner, ...usual } = await defaultSettings();
  const pace = paceOf(parsed.value, "google");
  return {
    ...told,
    settingsOf: (name) => ({ ...usual, ...pace, invocationMs: handsOverAfterMs(functionParts[name]) }),
    sweep: { everyMs: 60_000, pace: sweepPaceOf(parsed.value) },
  };
}
