import { expect } from "chai";
import { build } from "../../functions/build.ts";
import { deploy } from "../../functions/deploy.ts";
import { notify } from "../../functions/notify.ts";
import { rollback } from "../../functions/rollback.ts";
import { rollout } from "../../functions/rollout.ts";
import { sweep } from "../../functions/sweep.ts";
import { verify } from "../../functions/verify.ts";
import { warmup } from "../../functions/warmup.ts";
import { monday, person } from "../../test/support/fixtures.ts";
import {
  buildReport,
  buildSnapshot,
  type FunctionHarness,
  functionHarness,
  gantryYaml,
  openPolicy,
  pubSubEvent,
  releaseRequest,
  succeeded,
} from "../../test/support/function-harness.ts";
import { firstRelease } from "../../test/support/function-story.ts";
import { serviceSettings } from "../../test/support/settings.ts";
import type { ReleaseId } from "../domain/ids.ts";
import { type EventHandler, type PubSubEvent, topics } from "../ports/bus.ts";
import { readCost } from "../usecases/cost.ts";
import type { Deps } from "../usecases/deps.ts";
import { execute } from "../usecases/execute.ts";
import { createDesk } from "../usecases/gantry-desk.ts";
import { functionNames } from "./google-parts.ts";
import { allRights, type Component } from "./rights.ts";

/** A role and where it is held, or the secret that opens what is no API of Google's. */
type Need = string;

const reads: readonly Need[] = ["run.viewer service", "run.developer service"]; // one of them
const actsAs: Need = "iam.serviceAccountUser runtime-account";
const writes: readonly (readonly Need[])[] = [["run.developer service"], [actsAs]];
const github: readonly Need[] = ["secret gantry-github-token"];
const looks: readonly Need[] = ["custom/gantryPreflight service-project"];

/** What each call of a port asks of the account that makes it: of every line, one. */
const needsOf: Readonly<Record<string, readonly (readonly Need[])[]>> = {
  "run.readService": [reads],
  "run.readRevision": [reads],
  "run.readSettings": [reads],
  "run.readRevisionSettings": [reads],
  "run.revisions": [reads],
  "run.tryTemplate": writes,
  "run.deployCandidate": [...writes, ["artifactregistry.reader image-repository"]],
  "run.setTraffic": writes,
  "run.setMinInstances": writes,
  "run.removeCandidate": writes,
  "build.start": [["cloudbuild.builds.editor service-project"], ["iam.serviceAccountUser build-account"]],
  "build.get": [["custom/gantryBuildKeeper service-project", "cloudbuild.builds.editor service-project"]],
  "build.cancel": [["custom/gantryBuildKeeper service-project", "cloudbuild.builds.editor service-project"]],
  "probe.request": [["run.invoker service"]],
  "metrics.series": [["monitoring.viewer service-project"]],
  "logs.buildLog": [["logging.viewer service-project"]],
  "logs.revisionLog": [["logging.viewer service-project"]],
  "images.resolve": [["artifactregistry.reader image-repository"]],
  "lookups.imageRepository": [looks],
  "lookups.connectedRepository": [looks],
  "lookups.secretVersion": [looks],
  "source.resolveTag": [github],
  "source.readFile": [github],
  "source.committedAt": [github],
  "source.listTags": [github],
  "source.isOnBranch": [github],
  "source.cloneUrl": [], // words, no call
  "bus.publish": [["pubsub.publisher"]],
};

const ports = ["run", "build", "probe", "metrics", "logs", "images", "lookups", "source", "bus"] as const;

/** What each part called, as `port.method`. */
type Calls = Map<Component, Set<string>>;

/** The dependencies of one part, of which it is noted what it calls. */
function watched(deps: Deps, calls: Set<string>): Deps {
  const noting = (name: (typeof ports)[number]) => {
    const port = deps[name];
    if (port === null) return port;
    return new Proxy(port, {
      get: (target, method) => {
        const member: unknown = Reflect.get(target, method);
        if (typeof member !== "function") return member;
        return (...args: unknown[]): unknown => {
          calls.add(`${name}.${String(method)}`);
          return Reflect.apply(member, target, args);
        };
      },
    });
  };
  return { ...deps, ...Object.fromEntries(ports.map((name) => [name, noting(name)])) };
}

/** Plays one world, each function as itself. */
class Play {
  readonly harness: FunctionHarness;
  readonly #calls: Calls;

  constructor(calls: Calls, yaml = gantryYaml()) {
    this.#calls = calls;
    this.harness = functionHarness({
      policy: openPolicy({ images: ["registry.test/*"] }),
      settings: { driftEveryMs: 300_000, findTagsEveryMs: 300_000 },
    });
    const { world } = this.harness;
    world.files.set("gantry.yaml", yaml);
    world.settings = serviceSettings({
      secrets: [{ as: "env", at: "KEY", secret: "api-key", version: "3" }],
    });
    world.lookupsPort = {
      imageRepository: async () => ({ state: "exists" }),
      connectedRepository: async () => ({ state: "exists" }),
      secretVersion: async () => ({ state: "usable" }),
    };
  }

  as(component: Component): Deps {
    const calls = this.#calls.get(component) ?? new Set<string>();
    this.#calls.set(component, calls);
    return watched(this.harness.deps, calls);
  }

  tell(component: Component, of: (deps: Deps) => EventHandler, event: PubSubEvent): Promise<void> {
    return this.harness.finished(of(this.as(component))(event));
  }

  async work(component: (typeof functionNames)[number], of: (deps: Deps) => EventHandler): Promise<void> {
    const event = pubSubEvent("work", { service: this.harness.world.service, work: "any" });
    const message = { ...event.data.message, attributes: { kind: "any" } };
    await this.tell(component, of, { ...event, data: { ...event.data, message } });
  }

  request(changes: Parameters<typeof releaseRequest>[0] = {}): Promise<void> {
    return this.tell("build", build, pubSubEvent(topics.releases, releaseRequest(changes)));
  }

  async deployed(): Promise<void> {
    await this.request();
    this.harness.world.build = async () => succeeded();
    const notice = { id: "build-1", tags: [`gantry-release-${firstRelease}`] };
    await this.tell("deploy", deploy, pubSubEvent(topics.builds, notice));
  }

  /** A build was seen only after its release had ended: whoever comes next stops it. */
  async strayBuild(releaseId: ReleaseId): Promise<void> {
    const { deps, world } = this.harness;
    const about = { at: deps.clock.now(), releaseId, build: true, candidate: false };
    await execute(deps, {
      service: world.service,
      command: { type: "report-leftovers", ...about },
      cause: null,
      config: null,
      goesOnWith: () => false,
    });
  }

  async live(): Promise<void> {
    await this.deployed();
    await this.work("verify", verify);
    for (let turn = 0; turn < 10; turn += 1) await this.work("rollout", rollout);
  }
}

const warm = 'warmup: { days: mon..fri, hours: "09:00..21:00", zone: UTC';

/** Every way of a release that leads a function to a call of its own. */
async function playAll(): Promise<Calls> {
  const calls: Calls = new Map();
  await wellAndWarm(calls);
  await pinged(calls);
  await badly(calls);
  await asked(calls);
  return calls;
}

async function wellAndWarm(calls: Calls): Promise<void> {
  const play = new Play(calls, gantryYaml(`${warm} }`));
  await play.live();
  expect((await play.harness.state()).live?.id).to.equal(firstRelease);
  await play.tell("warmup", warmup, pubSubEvent(topics.warmup, {}));
  await play.harness.clock.advance(300_000);
  await play.work("sweep", sweep);
  await play.tell("sweep", sweep, pubSubEvent(topics.sweep, {}));
  play.harness.world.tags.set("v1.1.0", [...play.harness.world.tags.values()][0] ?? expect.fail());
  for (let turn = 0; turn < 3; turn += 1) {
    await play.harness.clock.advance(300_000);
    await play.tell("sweep", sweep, pubSubEvent(topics.sweep, {}));
  }
  const { world, deps } = play.harness;
  await createDesk(deps).rollBack({ service: world.service, to: null, by: person, reason: "test" });
  await play.work("rollback", rollback);
}

async function pinged(calls: Calls): Promise<void> {
  const play = new Play(calls, gantryYaml(`${warm}, mode: ping }`));
  await play.live();
  await play.tell("warmup", warmup, pubSubEvent(topics.warmup, {}));
}

async function badly(calls: Calls): Promise<void> {
  const measured = new Play(
    calls,
    gantryYaml("verify: { coldStart: { within: 60s }, memory: { below: 80% } }"),
  );
  await measured.deployed();
  await measured.work("verify", verify);
  const failing = new Play(calls);
  await failing.request();
  failing.harness.world.build = async () => buildSnapshot({ status: "failed", report: buildReport() });
  await failing.harness.clock.advance(30_000);
  await failing.work("deploy", deploy);
  const refused = new Play(calls);
  refused.harness.world.status = () => 500;
  await refused.deployed();
  await refused.work("verify", verify);
  const cancelled = new Play(calls);
  await cancelled.request();
  await createDesk(cancelled.harness.deps).cancel({ releaseId: firstRelease, by: person, reason: "test" });
  await cancelled.work("rollback", rollback);
  await cancelled.request({ requestId: "api/3", explicit: true });
  cancelled.harness.world.build = async () => succeeded();
  await cancelled.harness.clock.advance(30_000);
  await cancelled.work("deploy", deploy);
  for (const [name, of] of [
    ["verify", verify],
    ["rollout", rollout],
  ] as const) {
    await cancelled.strayBuild(firstRelease);
    await cancelled.work(name, of);
  }
}

async function asked(calls: Calls): Promise<void> {
  const given = new Play(calls);
  await given.request({ image: "registry.test/api:v1" });
  const http = new Play(calls);
  await http.live();
  const deps = http.as("service");
  const { service } = http.harness.world;
  await http.harness.finished(createDesk(deps).plan(releaseRequest({ requestId: "api/1", explicit: true })));
  await deps.run.readService(service);
  const signal = new AbortController().signal;
  await readCost(deps, { service, days: 1, signal });
  await createDesk(deps).requestRelease(releaseRequest({ requestId: "api/2" }));
  expect(http.harness.clock.now()).to.be.above(monday);
  const fact = { service, type: "release-live", releaseId: firstRelease };
  await http.tell("notify", notify, pubSubEvent(topics.events, fact));
}

/** What a part holds, in the words of `needsOf`. */
function held(component: Component): readonly Need[] {
  return allRights()
    .filter((right) => right.component === component)
    .map(({ role, on }) =>
      on.kind === "secret"
        ? `secret ${on.name}`
        : on.kind === "topic"
          ? "pubsub.publisher"
          : `${role.replace("roles/", "")} ${on.kind}`,
    );
}

/** `gantry plan` over the API does without: who can be reached from the internet may write no service. */
const deliberatelyLacking = ["service: run.tryTemplate"];

/** Rights that no port's call shows: of Pub/Sub, of builds, of Firestore and of what is mounted. */
const elsewhere = /^(?:datastore\.user database|pubsub\.publisher|secret .*)$/;

describe("rights and what is really called", () => {
  let calls: Calls;
  before(async () => {
    calls = await playAll();
  });

  it("fit: no function calls what its account may not", () => {
    const lacking = [...calls].flatMap(([component, made]) =>
      [...made].flatMap((call) => {
        const needs = needsOf[call];
        if (needs === undefined) return [`${component}: ${call} is in no table`];
        const has = held(component);
        const unmet = needs.filter((oneOf) => !oneOf.some((need) => has.includes(need)));
        return unmet.length === 0 ? [] : [`${component}: ${call}`];
      }),
    );
    expect(lacking).to.deep.equal(deliberatelyLacking);
  });

  it("fit: no account may what its function never calls", () => {
    const idle = [...functionNames, "service" as const].flatMap((component) => {
      const made = [...(calls.get(component) ?? [])];
      const used = new Set(made.flatMap((call) => needsOf[call] ?? []).flat());
      return held(component)
        .filter((right) => !elsewhere.test(right) && !used.has(right))
        .map((right) => `${component}: ${right}`);
    });
    expect(idle).to.deep.equal([]);
  });
});
