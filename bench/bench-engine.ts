import { join } from "node:path";
import { type Engine, startEngine } from "../cli/runtime/engine.ts";
import { localPolicy } from "../cli/runtime/local-gantry.ts";
import type { EventType } from "../shared/domain/events.ts";
import type { ReleaseId } from "../shared/domain/ids.ts";
import type { Log } from "../shared/ports/system.ts";
import type { ReleaseRequest } from "../shared/usecases/desk.ts";
import { releaseIdFor } from "../shared/usecases/release-id.ts";
import { benchRepository, InstantCloud } from "./instant-cloud.ts";

/** The moment of every event of one release, in the milliseconds of `performance.now()`. */
export type Story = Readonly<{ askedAt: number; events: readonly Readonly<{ type: string; at: number }>[] }>;

type Watched = Readonly<{
  events: { type: string; at: number }[];
  ended: () => void;
  tidied: () => void;
}>;

const ends: readonly EventType[] = [
  "release-live",
  "release-failed",
  "release-rolled-back",
  "release-cancelled",
  "release-superseded",
  "release-held",
];

/** A release that is followed; both promises give the same story, at its end and once all is tidied up. */
export type Followed = Readonly<{ id: ReleaseId; ended: Promise<Story>; tidied: Promise<Story> }>;

/** The real engine on a real file, in front of a cloud that costs nothing. */
export class BenchEngine {
  readonly engine: Engine;
  readonly cloud: InstantCloud;
  /** Deliveries of the bus so far, by how they ended. */
  readonly deliveries: ReadonlyMap<string, number>;
  /** Warnings and errors that Gantry logged. */
  readonly complaints: readonly string[];
  readonly #watched: Map<string, Watched>;

  private constructor(
    parts: Readonly<{
      engine: Engine;
      cloud: InstantCloud;
      deliveries: ReadonlyMap<string, number>;
      complaints: readonly string[];
      watched: Map<string, Watched>;
    }>,
  ) {
    this.engine = parts.engine;
    this.cloud = parts.cloud;
    this.deliveries = parts.deliveries;
    this.complaints = parts.complaints;
    this.#watched = parts.watched;
  }

  static async start(directory: string): Promise<BenchEngine> {
    const cloud = new InstantCloud();
    const watched = new Map<string, Watched>();
    const deliveries = new Map<string, number>();
    const complaints: string[] = [];
    const engine = await startEngine({
      file: join(directory, "gantry.db"),
      cloud: cloud.ports,
      chat: null,
      consoleUrl: () => "",
      sourceSite: null,
      policy: localPolicy,
      log: watchingLog(watched, complaints),
      bus: {
        onDelivery: ({ subscription, outcome }) => {
          const key = `${subscription} ${outcome}`;
          deliveries.set(key, (deliveries.get(key) ?? 0) + 1);
        },
      },
    });
    cloud.connect(engine.deps.bus);
    return new BenchEngine({ engine, cloud, deliveries, complaints, watched });
  }

  /** Follows a release from now on: resolves when it has ended, and when nothing of it is left to tidy up. */
  follow(requestId: string): Followed {
    const id = releaseIdFor(requestId);
    const askedAt = performance.now();
    const events: { type: string; at: number }[] = [];
    const story: Story = { askedAt, events };
    const once = { ended: (): void => undefined, tidied: (): void => undefined };
    const ended = new Promise<Story>((resolve) => {
      once.ended = () => resolve(story);
    });
    const tidied = new Promise<Story>((resolve) => {
      once.tidied = () => resolve(story);
    });
    this.#watched.set(id, { events, ended: () => once.ended(), tidied: () => once.tidied() });
    return { id, ended, tidied };
  }

  /** Asks for the release of one tag, as a webhook does, and follows it. */
  async release(number: number, tag: string): Promise<Followed> {
    const request = requestFor(number, tag);
    const followed = this.follow(request.requestId);
    await this.engine.desk.requestRelease(request);
    return followed;
  }

  close(): Promise<void> {
    return this.engine.close({ graceMs: 0 });
  }
}

export function requestFor(number: number, tag: string): ReleaseRequest {
  return {
    requestId: `bench/${number}/${tag}`,
    repository: benchRepository(number),
    tag,
    commit: null,
    requestedBy: { kind: "system", name: "bench" },
    explicit: true,
  };
}

function watchingLog(watched: Map<string, Watched>, complaints: string[]): Log {
  const complain = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    complaints.push(`${message}: ${JSON.stringify(fields)}`);
  };
  return {
    info: ({ releaseId, event }) => {
      const release = watched.get(String(releaseId));
      if (release === undefined || typeof event !== "string") return;
      release.events.push({ type: event, at: performance.now() });
      if (ends.some((end) => end === event)) release.ended();
      if (event === "leftovers-tidied") release.tidied();
    },
    warn: complain,
    error: complain,
  };
}
