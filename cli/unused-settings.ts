import type { ReleaseConfig } from "../shared/domain/release-config.ts";

type Unused = Readonly<{ path: string; message: string }>;

const notYet = "is read, but this version does not act on it yet";

/** What a file asks for that this version reads and does not do: nobody shall believe that it protects them. */
export function unusedSettings({ notify, rollout }: ReleaseConfig): readonly Unused[] {
  const settings: readonly (readonly [boolean, string, string])[] = [
    [rollout.watch.latencyIncrease !== null, "rollout.watch.latency.increase", notYet],
    [notify.slack !== null, "notify", notYet],
  ];
  return settings.flatMap(([isSet, path, message]) => (isSet ? [{ path, message }] : []));
}
