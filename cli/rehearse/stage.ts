import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDemoRepository, type DemoRepository } from "../../emulator/git/demo-repository.ts";
import { git } from "../../emulator/git/git-command.ts";
import type { LocalCloud } from "../../emulator/local-cloud.ts";
import type { RequestLogEntry } from "../../emulator/run/data/request-log.ts";
import { revisionLabels } from "../../shared/adapters/run/candidate-template.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import type { ServiceEvent } from "../../shared/domain/events.ts";
import {
  parseServiceKey,
  type ReleaseId,
  type RevisionName,
  type ServiceKey,
} from "../../shared/domain/ids.ts";
import { type Split, soleRevision } from "../../shared/domain/traffic.ts";
import type { RunPort, ServiceSnapshot } from "../../shared/ports/run.ts";
import { connectCloud } from "../runtime/google-cloud.ts";
import { addressesOf } from "../runtime/local-gantry.ts";
import { type Backstage, startBackstage } from "./backstage.ts";
import { DeployChannel } from "./deploy-channel.ts";
import { type EndEvent, isEnd } from "./end-events.ts";
import { EventTrail } from "./event-trail.ts";
import type { GoogleGround } from "./google-ground.ts";
import { rehearsalConfig } from "./rehearsal-config.ts";
import type { Setting } from "./scenario.ts";
import { effectiveOf, TrafficLog } from "./traffic-log.ts";
import { Visitors } from "./visitors.ts";

export const repository = "perkie/background-removal";

/** Asked of the service by its users; the answer tells which revision gave it. */
const visitedPath = "/health";

export type StageOptions = Readonly<{
  setting: Setting;
  version: string;
  seed: number | null;
  env: Readonly<Record<string, string | undefined>>;
  log: (line: string) => void;
  google?: GoogleGround | null; // without it, the embedded engine
  signal: AbortSignal;
}>;

/** A private local cloud with Gantry before it, and everything that a scenario may do there and look at. */
export class Stage {
  readonly service: ServiceKey;
  readonly cloud: LocalCloud;
  readonly gantry: Backstage;
  readonly trail: EventTrail;
  readonly visitors = new Visitors(visitedPath);
  readonly traffic: TrafficLog;
  readonly run: RunPort;
  readonly signal: AbortSignal;
  readonly channel: DeployChannel;
  readonly demo: DemoRepository;
  /** Where everything of the local cloud is kept. */
  readonly directory: string;
  readonly #name: string;
  /** The revision that had all traffic before the scenario; null = there was no service. */
  stable: RevisionName | null = null;
  /** When the scenario itself caused trouble; null = the candidate does. */
  troubleAt: number | null = null;

  constructor(
    parts: Readonly<{
      gantry: Backstage;
      demo: DemoRepository;
      directory: string;
      run: RunPort;
      service: ServiceKey;
      signal: AbortSignal;
    }>,
  ) {
    const { gantry, demo, directory, run, service, signal } = parts;
    this.gantry = gantry;
    this.cloud = gantry.cloud;
    this.demo = demo;
    this.directory = directory;
    this.run = run;
    this.service = service;
    this.#name = service.slice(service.lastIndexOf("/") + 1);
    this.signal = signal;
    this.channel = new DeployChannel({
      slack: gantry.cloud.slack,
      signingSecret: gantry.signingSecret,
      hook: () => `${gantry.address()?.url}/hooks/slack`,
      signal,
    });
    this.trail = new EventTrail(() => gantry.address(), signal);
    this.traffic = new TrafficLog(run, service);
    const takenBack = this.trail.first("rollback-began");
    takenBack.then(() => this.traffic.lookClosely()).catch(() => undefined); // most scenarios take nothing back
  }

  /** Pushes tags with git, together, and waits until Gantry has taken each as a release. */
  async push(...tags: readonly string[]): Promise<readonly ReleaseId[]> {
    await git(
      this.demo.cloneDirectory,
      "push",
      "--quiet",
      "gantry",
      ...tags.map((tag) => `refs/tags/${tag}`),
    );
    return Promise.all(tags.map((tag) => this.requested(tag)));
  }

  /** The release of a tag, once Gantry has taken it. */
  async requested(tag: string): Promise<ReleaseId> {
    const isIt = (event: ServiceEvent) => event.type === "release-requested" && event.release.tag === tag;
    return (await this.trail.until(isIt)).releaseId;
  }

  /** Sends a person's command through the HTTP API. @throws Error with the problem that it answers. */
  async command(path: string, body: object): Promise<void> {
    await this.#ask(path, { method: "POST", body: JSON.stringify(body) });
  }

  /** Reads from the HTTP API. @throws Error with the problem that it answers. */
  read(path: string): Promise<unknown> {
    return this.#ask(path, { method: "GET" });
  }

  async #ask(path: string, call: Readonly<{ method: string; body?: string }>): Promise<unknown> {
    const { url, token } = this.gantry.address() ?? { url: "", token: "" };
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(`${url}/api/v1${path}`, { ...call, headers, signal: this.signal });
    if (!answer.ok)
      throw new Error(`${call.method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }

  /** Waits until a release has come to this end and nothing of it is left over. @throws Error when it ends otherwise. */
  async ended(releaseId: ReleaseId, end: EndEvent): Promise<void> {
    const known = new Set(this.trail.events);
    const ending = await this.trail.until(
      (event) => event.releaseId === releaseId && (event.type === end || (!known.has(event) && isEnd(event))),
    );
    if (ending.type !== end)
      throw new Error(`${releaseId} should come to ${end}, but came to ${ending.type}`);
    const wasAtWork = this.trail.of(releaseId).some(({ type }) => type === "release-began");
    if (end !== "release-held" && wasAtWork) await this.trail.after(ending, "leftovers-tidied");
  }

  /** Marks this moment as the one at which the trouble began. */
  trouble(): void {
    this.troubleAt = Date.now();
  }

  /** Waits until the trail tells all that has happened; where Gantry has a file of its own, it is not known what has. */
  async caughtUp(): Promise<void> {
    const { deps } = this.gantry;
    if (deps !== null) await this.trail.reach(await deps.store.lastPosition());
  }

  /** The service as Cloud Run tells it now; null = there is none. */
  snapshot(): Promise<ServiceSnapshot | null> {
    return this.run.readService(this.service);
  }

  /** Releases the first tag, so that there is a stable revision, and lets the users come. */
  async prepare({ approvedBy = [] }: Setting): Promise<void> {
    await this.command("/releases", { repository, tag: this.demo.liveTag });
    const first = await this.requested(this.demo.liveTag);
    for (const person of approvedBy) await this.channel.click(person, first, "approve");
    const { revision } = await this.trail.first("release-live", first);
    await this.ended(first, "release-live");
    this.stable = revision;
    await this.welcome();
  }

  /** Lets users come, once the service has a URL. */
  async welcome(): Promise<void> {
    this.traffic.start();
    const snapshot = await this.snapshot();
    if (snapshot !== null) this.visitors.come(snapshot.url);
  }

  /** What a revision was asked, by the proxy's own record; users' requests have no tag. */
  requestsOf(revision: RevisionName): readonly RequestLogEntry[] {
    return this.cloud.run.requests(this.#name, revision);
  }

  /** The revisions that these releases made, as Cloud Run has them. */
  async revisionsOf(releases: readonly ReleaseId[]): Promise<readonly RevisionName[]> {
    const revisions = await this.run.revisions(this.service);
    const isTheirs = (id: string | undefined) => releases.some((release) => release === id);
    return revisions
      .filter(({ labels }) => isTheirs(labels[revisionLabels.release]))
      .map(({ revision }) => revision);
  }

  /** Moves traffic as a person does in the Cloud console. */
  humanSetsTraffic(split: Split): Promise<void> {
    const type = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";
    const traffic = split.map(({ revision, percent }) => ({ type, revision, percent }));
    return this.cloud.run.faults.humanSetsTraffic({ service: this.#name, traffic });
  }

  /** The ONE revision with all traffic; null when there is none. */
  async soleRevision(): Promise<RevisionName | null> {
    const snapshot = await this.snapshot();
    return snapshot === null ? null : soleRevision(effectiveOf(snapshot));
  }
}

/** Builds the stage in a folder of its own, lets `play` use it, and takes everything down again. */
export async function onStage<Result>(
  options: StageOptions,
  play: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), "gantry-rehearsal-"));
  try {
    const gantry = await startBackstage({ ...options, directory, token: secret(), webhookSecret: secret() });
    const { disconnect, ...cloud } = connectCloud(addressesOf(gantry.cloud), systemClock);
    const closing = new AbortController();
    try {
      const demo = await createDemoRepository({
        gitRoot: join(directory, "cloud", "git"),
        cloneDirectory: join(directory, "demo"),
        remoteUrl: gantry.cloud.git.cloneUrl(repository),
        ...rehearsalConfig(options.setting),
      });
      const signal = AbortSignal.any([options.signal, closing.signal]);
      const stage = new Stage({ gantry, demo, directory, run: cloud.run, service: demoService(), signal });
      const following = stage.trail.follow();
      try {
        if (!options.setting.bare) await stage.prepare(options.setting);
        return await play(stage);
      } finally {
        await stage.traffic.stop();
        await stage.visitors.leave();
        closing.abort(new Error("the rehearsal is over"));
        await following;
      }
    } finally {
      await gantry.close();
      await disconnect();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function demoService(): ServiceKey {
  const key = parseServiceKey("perkieprints-processing/us-central1/inspirenet-bg-removal-api");
  if (key === null) throw new Error("the demo's service has no key");
  return key;
}

function secret(): string {
  return randomBytes(18).toString("base64url");
}
