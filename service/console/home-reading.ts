import type { ServiceKey } from "../../shared/domain/ids.ts";
import type { ServiceState } from "../../shared/domain/service-state.ts";
import type { TrafficReading } from "../api/traffic-reading.ts";
import { refusalView, releaseView, serviceView } from "../api/views.ts";
import { warmthView } from "../api/warmth.ts";
import type { Identity, ServiceDeps } from "../service-deps.ts";
import type { HomeView } from "./home-page.tsx";

/** How many services one page shows: each costs a call of Cloud Run. */
const servicesPerPage = 50;

type Asked = Readonly<{
  deps: ServiceDeps;
  traffic: (service: ServiceKey) => Promise<TrafficReading>;
  page: number; // 1-based
  identity: Identity | null;
}>;

/** Reads what the first page shows. Services at work come first, then the others by key. */
export async function readHome({ deps, traffic, page, identity }: Asked): Promise<HomeView> {
  const { store, bus, clock, freezes } = deps;
  const position = await store.lastPosition(); // before the rest: an event in between is told again, not lost
  const [states, releases, refusals, deadLetters, over] = await Promise.all([
    store.services(),
    store.releases({ service: null, limit: 10, before: null }),
    store.refusals({ limit: 5 }),
    bus.deadLetters({ limit: 100 }),
    freezes.standing(),
  ]);
  const now = clock.now();
  const shown = inOrder(states).slice((page - 1) * servicesPerPage, page * servicesPerPage);
  const services = await Promise.all(
    shown.map(async (state) => ({
      service: serviceView({ state, now, frozen: over(state.key) }),
      traffic: await traffic(state.key),
      warmth: (await warmthView(deps, { state, now })).words,
    })),
  );
  return {
    services,
    approvals: states.filter(({ active }) => active?.status === "awaiting-approval").length,
    givenUp: deadLetters.filter(({ replayedAt }) => replayedAt === null).length,
    page,
    pages: Math.max(1, Math.ceil(states.length / servicesPerPage)),
    releases: releases.map(releaseView),
    refusals: refusals.map(refusalView),
    position,
    identity,
  };
}

function inOrder(states: readonly ServiceState[]): readonly ServiceState[] {
  const rank = ({ active }: ServiceState) => (active === null ? 1 : 0);
  return [...states].sort((a, b) => rank(a) - rank(b) || a.key.localeCompare(b.key));
}
