/** How many deliveries of a subscription run, and whether it has more to deliver. */
export type Demand = Readonly<{ name: string; running: number; waiting: boolean }>;

/**
 * Shares `concurrency` slots: each subscription has a small part of its own that no other can take, so one slow
 * handler never blocks the rest; what is left goes in equal parts to those who wait. The sum of all that runs stays
 * within `concurrency`, or one each where there are more subscriptions than slots.
 */
export function grantSlots(
  params: Readonly<{ demands: readonly Demand[]; concurrency: number; turn: number }>,
): ReadonlyMap<string, number> {
  const { demands, concurrency, turn } = params;
  const own = Math.max(1, Math.floor(concurrency / (2 * Math.max(1, demands.length))));
  const shared = Math.max(0, concurrency - own * demands.length);
  const taken = demands.reduce((sum, demand) => sum + Math.max(0, demand.running - own), 0);
  const free = Math.max(0, shared - taken);
  const waiting = demands.filter((demand) => demand.waiting);
  const grants = waiting.map((demand, index) => {
    const place = (index + turn) % waiting.length;
    const part = Math.floor(free / waiting.length) + (place < free % waiting.length ? 1 : 0);
    return [demand.name, Math.max(0, own - demand.running) + part] as const;
  });
  return new Map(grants);
}
