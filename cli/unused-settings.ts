import type { ReleaseConfig } from "../shared/domain/release-config.ts";

type Unused = Readonly<{ path: string; message: string }>;

/** What a file asks for that this version reads and does not do: nobody shall believe that it protects them. */
export function unusedSettings({ rollout }: ReleaseConfig): readonly Unused[] {
  if (rollout.watch.latencyIncrease === null) return [];
  return [
    {
      path: "rollout.watch.latency.increase",
      message: "is read, but this version does not act on it yet",
    },
  ];
}
