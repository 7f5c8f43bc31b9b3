import { expect } from "chai";
import fc from "fast-check";
import { imageOf, newService, requestFor, testSettings } from "../../../test/support/local-run.ts";
import type { ReleaseId, RevisionName } from "../../domain/ids.ts";
import { AppError } from "../../ports/app-error.ts";
import type { Clock } from "../../ports/system.ts";
import { deployCandidate } from "./deploy-candidate.ts";
import { removeCandidate } from "./remove-candidate.ts";
import type { RunApi, WriteResult } from "./run-api.ts";
import { patienceFor, type RunContext } from "./run-context.ts";
import type { IRevision, IService } from "./service-snapshot.ts";
import { setTraffic } from "./set-traffic.ts";

const service = newService();
const name = service.split("/")[2] ?? "";
const path = `projects/demo-project/locations/us-central1/services/${name}/revisions`;
const stable = `${name}-stable` as RevisionName;
const ready = [{ type: "Ready", state: 4 }];

/** A clock whose sleeps take no time at all. */
function quickClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    sleep: async ({ ms }) => {
      now += ms;
    },
  };
}

const unexpected = (call: string) => (): never => {
  throw new Error(`unexpected ${call}`);
};

/** An API in which every call that a test does not expect fails by name. */
function apiOf(calls: Partial<RunApi>): RunApi {
  const all = ["service", "revision", "revisions", "create", "update", "remove"] as const;
  return Object.fromEntries(all.map((call) => [call, calls[call] ?? unexpected(call)])) as unknown as RunApi;
}

function contextOf(calls: Partial<RunApi>): RunContext {
  return { api: apiOf(calls), clock: quickClock(), settings: testSettings };
}

const live: IService = {
  generation: 3,
  observedGeneration: 3,
  etag: '"3"',
  terminalCondition: { state: 4 },
  latestReadyRevision: `${path}/${stable}`,
  latestCreatedRevision: `${path}/${stable}`,
  template: { containers: [{ image: "host/api:old" }] },
  traffic: [{ type: 2, revision: stable, percent: 100 }],
  trafficStatuses: [{ type: 2, revision: stable, percent: 100 }],
};

type Update = Readonly<{ body: IService; paths: readonly string[] }>;

/**
 * A service that takes every update, but for templates whose revision name is in `taken`: those names belong to revisions
 * of the release given.
 */
function serviceWith(
  taken: (revision: string) => string | null,
): Readonly<{ api: Partial<RunApi>; updates: Update[] }> {
  const updates: Update[] = [];
  let current = live;
  const image = `${imageOf("a").name}@${imageOf("a").digest}`;
  const revisionOf = (revision: string): IRevision => ({
    name: `${path}/${revision}`,
    conditions: ready,
    containers: [{ image }],
    labels: { "gantry-release": taken(revision) ?? "rel-00000002" },
  });
  const update: RunApi["update"] = async (_service, body, paths) => {
    updates.push({ body, paths });
    if (paths.length > 1 && taken(body.template?.revision ?? "") !== null)
      return { kind: "exists", message: "Revision named 'x' with different configuration already exists." };
    const traffic = body.traffic ?? [];
    const trafficStatuses = traffic.map((target) => ({
      ...target,
      uri: target.tag ? `https://${target.tag}` : "",
    }));
    current = { ...current, generation: 4, observedGeneration: 4, traffic, trafficStatuses };
    return { kind: "accepted", generation: 4 };
  };
  const api: Partial<RunApi> = {
    service: async () => current,
    revision: async (_service, revision) => revisionOf(revision),
    update,
  };
  return { api, updates };
}

describe("a revision name that is taken", () => {
  it("by the same candidate is success: only its traffic entry is added", async () => {
    const { api, updates } = serviceWith(() => "rel-00000002");
    const outcome = await deployCandidate(contextOf(api), requestFor(service, "00000002"));
    expect(outcome).to.deep.include({ outcome: "ready", stable });
    expect(updates.map(({ paths }) => paths.at(-1))).to.deep.equal(["traffic", "traffic"]);
    expect(Object.keys(updates[1]?.body ?? {})).to.deep.equal(["traffic", "etag"]);
  });

  it("by another configuration is left alone: the candidate gets another name", async () => {
    let first = "";
    const { api, updates } = serviceWith((revision) => {
      first ||= revision.startsWith(`${name}-v1`) ? revision : "";
      return revision === first && first !== "" ? "rel-other" : null;
    });
    const outcome = await deployCandidate(contextOf(api), requestFor(service, "00000002"));
    const names = updates.map(({ body }) => body.template?.revision);
    expect(outcome).to.deep.include({ outcome: "ready", stable });
    expect(names).to.have.length(2);
    expect(names[0]).to.not.equal(names[1]);
  });

  it("for ever ends as something that may pass", async () => {
    const { api } = serviceWith(() => "rel-other");
    const thrown = await deployCandidate(contextOf(api), requestFor(service, "00000002")).catch(
      (error: unknown) => error,
    );
    expect(thrown).to.be.instanceOf(AppError).and.include({ code: "run-unavailable", transient: true });
  });
});

class Killed extends Error {}

/** The API of a process that is killed at its n-th call, before the call is sent or after it was carried out. */
function killedAt(api: Partial<RunApi>, fatal: number, when: "before" | "after"): Partial<RunApi> {
  let calls = 0;
  const wrapped = Object.entries(api).map(([call, send]) => {
    const mortal = async (...words: readonly unknown[]): Promise<unknown> => {
      calls += 1;
      const isFatal = calls === fatal;
      if (isFatal && when === "before") throw new Killed();
      const answer = await Reflect.apply(send, undefined, words);
      if (isFatal) throw new Killed();
      return answer;
    };
    return [call, mortal];
  });
  return Object.fromEntries(wrapped);
}

describe("a process that is killed", () => {
  it("at any call, before or after it took effect, leaves a deployment that the next one goes on with", async () => {
    let deaths = 0;
    for (const when of ["before", "after"] as const)
      for (let fatal = 1; fatal <= 8; fatal += 1) {
        const { api, updates } = serviceWith(() => null);
        const request = requestFor(service, "00000002");
        const killed = contextOf(killedAt(api, fatal, when));
        const died = await deployCandidate(killed, request).catch(
          (error: unknown) => error instanceof Killed,
        );
        deaths += died === true ? 1 : 0;
        expect(await deployCandidate(contextOf(api), request)).to.deep.include({ outcome: "ready", stable });
        expect(updates).to.have.length(1);
      }
    expect(deaths).to.be.at.least(8);
  });

  it("at any call while it moves traffic leaves a move that the next one goes on with", async () => {
    const other = `${name}-other` as RevisionName;
    const half = [
      { revision: stable, percent: 50 },
      { revision: other, percent: 50 },
    ];
    const limits = { deadlineMs: 1_000, signal: new AbortController().signal };
    const request = {
      service,
      target: half,
      tags: [],
      expected: [[{ revision: stable, percent: 100 }]],
      ...limits,
    };
    for (const when of ["before", "after"] as const)
      for (let fatal = 1; fatal <= 5; fatal += 1) {
        const { api, updates } = serviceWith(() => null);
        await setTraffic(contextOf(killedAt(api, fatal, when)), request).catch(() => undefined);
        expect(await setTraffic(contextOf(api), request)).to.deep.equal({ outcome: "effective" });
        expect(updates).to.have.length(1);
      }
  });
});

describe("a revision that the traffic does not name yet", () => {
  const limits = { deadlineMs: 1_000, signal: new AbortController().signal };
  const target = [{ revision: `${name}-other` as RevisionName, percent: 100 }];
  const back = { service, target, tags: [], expected: null, ...limits };

  it("gets no traffic when it failed, and nothing is written", async () => {
    const { api, updates } = serviceWith(() => null);
    const broken: IRevision = {
      name: `${path}/${name}-other`,
      conditions: [{ type: "Ready", state: 3, message: "it crashed" }],
    };
    const outcome = await setTraffic(contextOf({ ...api, revision: async () => broken }), back);
    expect(outcome).to.deep.include({
      outcome: "refused",
      message: `revision ${name}-other is not ready: it crashed`,
    });
    expect(updates).to.have.length(0);
  });

  it("gets it all the same when it cannot be looked at: a way back is not given up", async () => {
    const { api } = serviceWith(() => null);
    const down = new AppError({ code: "run-unavailable", transient: true, message: "down" });
    const context = contextOf({ ...api, revision: () => Promise.reject(down) });
    expect(await setTraffic(context, back)).to.deep.equal({ outcome: "effective" });
  });
});

describe("a move of traffic that is called off", () => {
  const target = [{ revision: `${name}-other` as RevisionName, percent: 100 }];
  const back = { service, target, tags: [], expected: null, deadlineMs: 1_000 };

  for (const slow of ["service", "revision"] as const) {
    it(`while it reads the ${slow} writes nothing, though what it reads is fresh`, async () => {
      const { api, updates } = serviceWith(() => null);
      const calling = new AbortController();
      const called = (call: string) => {
        if (call === slow) calling.abort();
      };
      const slowly: Partial<RunApi> = {
        ...api,
        service: async () => {
          called("service");
          return live;
        },
        revision: async () => {
          called("revision");
          return { name: `${path}/${name}-other`, conditions: ready };
        },
      };
      const moving = setTraffic(contextOf(slowly), { ...back, signal: calling.signal });
      const thrown = await moving.catch((error: unknown) => error);
      expect(thrown).to.be.instanceOf(AppError).and.include({ code: "run-timed-out", transient: true });
      expect(updates).to.have.length(0);
    });
  }
});

const names = [stable, `${name}-other` as RevisionName];
const entries = fc.array(
  fc.record({
    type: fc.constantFrom(1, 2),
    revision: fc.constantFrom(...names),
    percent: fc.constantFrom(0, 5, 50, 95, 100),
    tag: fc.constantFrom("", "g-00000002", "g-1", "prod"),
  }),
  { maxLength: 3 },
);
const services: fc.Arbitrary<IService | null> = fc.option(
  fc.record({
    generation: fc.constantFrom(1, 2, 3),
    observedGeneration: fc.constantFrom(1, 2, 3),
    reconciling: fc.boolean(),
    terminalCondition: fc.record({ state: fc.constantFrom(2, 3, 4), message: fc.constant("why") }),
    latestReadyRevision: fc.constantFrom("", ...names),
    latestCreatedRevision: fc.constantFrom(...names),
    labels: fc.constantFrom({}, { "gantry-created-by": "rel-00000002" }),
    template: fc.constant({ containers: [{}] }),
    traffic: entries,
    trafficStatuses: entries,
  }),
  { freq: 8 },
);
const revisions: fc.Arbitrary<IRevision | null> = fc.option(
  fc.record({
    name: fc.constantFrom(...names.map((each) => `${path}/${each}`)),
    labels: fc.constantFrom({}, { "gantry-release": "rel-00000002" }),
    conditions: fc.constantFrom(
      [],
      [{ type: "Ready", state: 3 } as const],
      [{ type: "Ready", state: 4 } as const],
    ),
  }),
);
const kinds = ["accepted", "conflict", "exists", "not-found", "unknown", "refused"] as const;
const results: fc.Arbitrary<WriteResult> = fc
  .constantFrom(...kinds)
  .map((kind) => (kind === "accepted" ? { kind, generation: 2 } : { kind, message: "why" }));

/** A cloud that answers anything to anything, over and over; `written` collects the traffic lists that it was sent. */
const worlds = fc.tuple(
  fc.array(services, { minLength: 1, maxLength: 6 }),
  fc.array(revisions, { minLength: 1, maxLength: 4 }),
  fc.array(results, { minLength: 1, maxLength: 4 }),
);

function worldOf([some, known, answers]: readonly [
  readonly (IService | null)[],
  readonly (IRevision | null)[],
  readonly WriteResult[],
]): Readonly<{ context: RunContext; written: IService[] }> {
  const counts = { reads: 0, looks: 0, writes: 0 };
  const written: IService[] = [];
  const answer = (body: IService | null): WriteResult => {
    if (body !== null) written.push(body);
    counts.writes += 1;
    return answers[counts.writes % answers.length] ?? { kind: "unknown", message: "" };
  };
  const context = contextOf({
    service: async () => some[counts.reads++ % some.length] ?? null,
    revision: async () => known[counts.looks++ % known.length] ?? null,
    revisions: async () => known.filter((one) => one !== null),
    create: async (_service, body) => answer(body),
    update: async (_service, body, paths) => answer(paths.includes("traffic") ? body : null),
    remove: async () => answer(null),
  });
  return { context, written };
}

const deadlineMs = 2_000;
const target = [
  { revision: names[0] as RevisionName, percent: 95 },
  { revision: names[1] as RevisionName, percent: 5 },
];

const sumOf = ({ traffic }: IService): number =>
  (traffic ?? []).reduce((sum, { percent }) => sum + (percent ?? 0), 0);

describe("whatever Cloud Run answers", () => {
  const signal = new AbortController().signal;

  async function endsInTime(context: RunContext, call: Promise<unknown>): Promise<void> {
    const thrown = await call.then(
      () => null,
      (error: unknown) => error,
    );
    if (thrown !== null && !(thrown instanceof AppError)) throw thrown;
    expect(context.clock.now()).to.be.at.most(deadlineMs + testSettings.cleanUpMs + 10 * testSettings.pollMs);
  }

  it("a deployment ends in time, and no list that it composes gives the candidate a share", async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        const { context, written } = worldOf(world);
        await endsInTime(
          context,
          deployCandidate(context, { ...requestFor(service, "00000002"), deadlineMs }),
        );
        const composed = written.filter(({ template }) => template);
        for (const body of composed) {
          const own = body.traffic?.filter(({ revision }) => revision === body.template?.revision);
          expect(sumOf(body)).to.equal(100);
          expect(own?.every(({ percent }) => percent === 0)).to.equal(true);
        }
      }),
    );
  });

  it("a move of traffic ends in time, and writes nothing but the target", async () => {
    await fc.assert(
      fc.asyncProperty(worlds, fc.boolean(), async (world, isAsked) => {
        const { context, written } = worldOf(world);
        const expected = isAsked ? null : [[{ revision: stable, percent: 100 }]];
        await endsInTime(
          context,
          setTraffic(context, { service, target, tags: [], expected, deadlineMs, signal }),
        );
        for (const body of written)
          expect([sumOf(body), Object.keys(body).sort()]).to.deep.equal([100, ["etag", "traffic"]]);
      }),
    );
  });

  it("a clean-up ends in time", async () => {
    await fc.assert(
      fc.asyncProperty(worlds, fc.constantFrom("live" as const, "failed" as const), async (world, ended) => {
        const { context } = worldOf(world);
        const removal = { service, releaseId: "rel-00000002" as ReleaseId, ended };
        await endsInTime(
          context,
          removeCandidate(context, removal, patienceFor(context, { deadlineMs, signal })),
        );
      }),
    );
  });
});
