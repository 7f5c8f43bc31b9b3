import { v2 } from "@google-cloud/run";
import { credentials } from "@grpc/grpc-js";
import { type CloudRun, type CloudRunOptions, startCloudRun } from "../cloud-run.ts";
import { LATEST, REVISION } from "../control/resources.ts";
import { ContainerFolder } from "./container-folder.ts";

export const PARENT = "projects/demo/locations/us-central1";

type ServiceBody = Parameters<v2.ServicesClient["updateService"]>[0];
type Body = NonNullable<NonNullable<ServiceBody>["service"]>;
type Template = NonNullable<Body["template"]>;
type Targets = NonNullable<Body["traffic"]>;

/** What a container under test answers. */
export type Answer = Readonly<{ version: string; revision: string; pid: number; path: string; most: number }>;

/** How a long-running operation ended. */
export type Ending = Readonly<{ code: number; message: string }>;

/** The client asks after its operations every few milliseconds, not from 100 ms upwards. */
export const QUICK_POLLS = {
  longrunning: {
    initialRetryDelayMillis: 8,
    retryDelayMultiplier: 1.2,
    maxRetryDelayMillis: 50,
    totalTimeoutMillis: 10_000,
  },
};

/** Quick enough for a test; a container still has a second to start. */
const QUICK = {
  reconcileMs: 5,
  trafficLagMs: 0,
  idleMs: 60_000,
  startupBudgetMs: 2_000,
  shutdownGraceMs: 300,
  queueMs: 300,
};

export function toRevision(revision: string, percent: number, tag = ""): Targets[number] {
  return { type: REVISION, revision, percent, tag };
}

export function toLatest(percent: number, tag = ""): Targets[number] {
  return { type: LATEST, percent, tag };
}

export function template(image: string, more: Template = {}): Template {
  return { containers: [{ image }], ...more };
}

/** A template whose revision is ready without a process having been started. */
export function unchecked(image: string, more: Template = {}): Template {
  return template(image, { healthCheckDisabled: true, ...more });
}

/** A local Cloud Run with images of its own, driven by Google's clients. */
export class CloudSession {
  readonly images: ContainerFolder;
  readonly #options: Partial<CloudRunOptions>;
  #cloud: CloudRun | null = null;
  #services: v2.ServicesClient | null = null;
  #revisions: v2.RevisionsClient | null = null;

  constructor(options: Partial<CloudRunOptions> = {}, images = new ContainerFolder()) {
    this.#options = options;
    this.images = images;
  }

  get cloud(): CloudRun {
    if (this.#cloud === null) throw new Error("the session was not started");
    return this.#cloud;
  }

  get services(): v2.ServicesClient {
    if (this.#services === null) throw new Error("the session was not started");
    return this.#services;
  }

  get revisions(): v2.RevisionsClient {
    if (this.#revisions === null) throw new Error("the session was not started");
    return this.#revisions;
  }

  async start(): Promise<void> {
    const timings = { ...QUICK, ...this.#options.timings };
    this.#cloud = await startCloudRun({ images: this.images, ...this.#options, timings });
    this.connect(this.#cloud.grpc.port);
  }

  /** Uses the API on this port, which another process may serve. */
  connect(port: number): void {
    const options = {
      apiEndpoint: "127.0.0.1",
      port,
      sslCreds: credentials.createInsecure(),
      projectId: "demo",
    };
    this.#services = new v2.ServicesClient(options);
    this.#revisions = new v2.RevisionsClient(options);
  }

  /** Stops the cloud but keeps its images, for a start on the same state. */
  async stop(): Promise<void> {
    await Promise.all([this.#services?.close(), this.#revisions?.close()]);
    await this.#cloud?.close();
    this.#cloud = null;
  }

  async end(): Promise<void> {
    await this.stop();
    this.images.remove();
  }

  name(service: string): string {
    return `${PARENT}/services/${service}`;
  }

  async create(serviceId: string, service: Body): Promise<void> {
    const [operation] = await this.services.createService(
      { parent: PARENT, serviceId, service },
      QUICK_POLLS,
    );
    await operation.promise();
  }

  /** Starts an update and returns its operation without waiting for it. */
  async write(service: string, body: Body, paths: readonly string[], extra: object = {}) {
    const request = {
      service: { ...body, name: this.name(service) },
      ...(paths.length > 0 ? { updateMask: { paths: [...paths] } } : {}),
      ...extra,
    };
    const [operation] = await this.services.updateService(request, QUICK_POLLS);
    return operation;
  }

  /** An update and how its operation ended: null when it succeeded. */
  async update(service: string, body: Body, ...paths: string[]): Promise<Ending | null> {
    const operation = await this.write(service, body, paths);
    return operation.promise().then(() => null, endingOf);
  }

  async get(service: string) {
    const [found] = await this.services.getService({ name: this.name(service) });
    return found;
  }

  async getRevision(service: string, revision: string) {
    const [found] = await this.revisions.getRevision({
      name: `${this.name(service)}/revisions/${revision}`,
    });
    return found;
  }

  async ask(url: string | null | undefined, path = "/"): Promise<Answer> {
    const response = await fetch(new URL(path, url ?? "http://missing"));
    const answer: Answer = JSON.parse(await response.text());
    return answer;
  }

  async statusOf(url: string | null | undefined, path = "/"): Promise<number> {
    const response = await fetch(new URL(path, url ?? "http://missing"));
    await response.arrayBuffer();
    return response.status;
  }
}

/** The code and message of a failure, which must be one of gRPC. */
export function endingOf(error: unknown): Ending {
  if (error instanceof Error && "code" in error && typeof error.code === "number")
    return { code: error.code, message: error.message };
  throw error;
}

/** The failure of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<Ending> {
  const result = await call.then(() => null, endingOf);
  if (result === null) throw new Error("the call succeeded");
  return result;
}

export function shortName(name: string | null | undefined): string {
  return (name ?? "").slice((name ?? "").lastIndexOf("/") + 1);
}

/** Waits until a condition holds. @throws Error after eight seconds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 8_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error("it did not become true within 8 s");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
