import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { projectHash, projectNumber, regionCode, serviceName } from "../control/resource-names.ts";
import type { ServiceKey } from "../control/service-records.ts";
import type { ServiceAddresses } from "../control/service-view.ts";

/** A service, or with a tag one of its tags. */
export type Destination = Readonly<{ key: ServiceKey; tag: string }>;

export type AddressBookOptions = Readonly<{
  host: string;
  /** Ports of an earlier run by destination id; they are taken again when they are free. */
  ports: Readonly<Record<string, number>>;
  /** The port of the shared proxy. */
  proxyPort: () => number;
  listener: (destination: Destination) => RequestListener;
  onChange: () => void;
}>;

const TAG_SEPARATOR = "---";
const KEPT_RETIRED_TAGS = 64;

/** Hosts that can mean a service; an IP address or plain `localhost` is the shared proxy itself. */
const HAS_SERVICE = /\.(?:localhost|run\.app)$/;

function destinationId({ key, tag }: Destination): string {
  return tag === "" ? serviceName(key) : `${serviceName(key)}#${tag}`;
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

/**
 * The addresses of services and tags. Each has an origin of its own, `http://127.0.0.1:<port>`: like the real ones it has no
 * path, and unlike `*.localhost` names it needs no resolver (Node's fetch does not resolve those by itself). The same
 * destinations also answer on the shared proxy by host name and by path.
 */
export class AddressBook {
  readonly #options: AddressBookOptions;
  readonly #servers = new Map<string, Server>();
  readonly #ports: Map<string, number>;
  /** Openings that are going on: two writes may ask for the same address. */
  readonly #opening = new Map<string, Promise<void>>();

  constructor(options: AddressBookOptions) {
    this.#options = options;
    this.#ports = new Map(Object.entries(options.ports));
  }

  /** The port of every destination ever opened, for the next run. */
  ports(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#ports);
  }

  /** Opens the addresses of a service and of these tags. Those that are open stay as they are. */
  async open(key: ServiceKey, tags: readonly string[]): Promise<void> {
    const destinations = ["", ...tags].map((tag) => ({ key, tag }));
    await Promise.all(destinations.map((destination) => this.#open(destination)));
    await this.#closeOldTags(key, tags);
  }

  async remove(key: ServiceKey): Promise<void> {
    const ids = [...this.#servers.keys()].filter(
      (id) => id === serviceName(key) || id.startsWith(`${serviceName(key)}#`),
    );
    await Promise.all(ids.map((id) => this.#close(id)));
    for (const id of ids) this.#ports.delete(id);
    this.#options.onChange();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#opening.values()]);
    await Promise.all([...this.#servers.keys()].map((id) => this.#close(id)));
  }

  /** What the API tells about where a service answers; the tags must be open. */
  addressesOf(key: ServiceKey): ServiceAddresses {
    return {
      uri: this.#origin({ key, tag: "" }),
      urls: [
        this.#origin({ key, tag: "" }),
        ...hostNames(key).map((name) => `http://${name}:${this.#options.proxyPort()}`),
      ],
      tagUri: (tag) => this.#origin({ key, tag }),
    };
  }

  #origin(destination: Destination): string {
    const host = this.#options.host === "0.0.0.0" ? "127.0.0.1" : this.#options.host;
    return `http://${host}:${this.#ports.get(destinationId(destination)) ?? 0}`;
  }

  #open(destination: Destination): Promise<void> {
    const id = destinationId(destination);
    if (this.#servers.has(id)) return Promise.resolve();
    const going = this.#opening.get(id);
    if (going !== undefined) return going;
    const opening = this.#listen(id, destination).finally(() => this.#opening.delete(id));
    this.#opening.set(id, opening);
    return opening;
  }

  async #listen(id: string, destination: Destination): Promise<void> {
    const server = createServer(this.#options.listener(destination));
    const { host } = this.#options;
    await listenOn(server, host, this.#ports.get(id) ?? 0).catch(() => listenOn(server, host, 0));
    this.#servers.set(id, server);
    this.#ports.set(id, portOf(server));
    this.#options.onChange();
  }

  /** A tag that was taken away goes on answering 404 for a while, as its host name would. */
  async #closeOldTags(key: ServiceKey, tags: readonly string[]): Promise<void> {
    const prefix = `${serviceName(key)}#`;
    const retired = [...this.#servers.keys()].filter(
      (id) => id.startsWith(prefix) && !tags.includes(id.slice(prefix.length)),
    );
    await Promise.all(retired.slice(0, -KEPT_RETIRED_TAGS).map((id) => this.#close(id)));
  }

  #close(id: string): Promise<void> {
    const server = this.#servers.get(id);
    this.#servers.delete(id);
    if (server === undefined) return Promise.resolve();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  }
}

/** The local forms of both host names that Cloud Run gives a service. */
function hostNames(key: ServiceKey): readonly string[] {
  const { project, location, service } = key;
  return [
    `${service}-${projectHash(project)}-${regionCode(location)}.a.run.localhost`,
    `${service}-${projectNumber(project)}.${location}.run.localhost`,
  ];
}

function isNamed(key: ServiceKey, name: string): boolean {
  const local = name.replace(/\.run\.app$/, ".run.localhost");
  return name === `${key.service}.localhost` || hostNames(key).includes(local);
}

/** The service and tag that a Host header means, or null. Known forms: `[tag---]service.localhost` and the real names. */
export function destinationOfHost(host: string, keys: readonly ServiceKey[]): Destination | null {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (!HAS_SERVICE.test(name)) return null;
  const at = name.indexOf(TAG_SEPARATOR);
  const tag = at < 0 ? "" : name.slice(0, at);
  const rest = at < 0 ? name : name.slice(at + TAG_SEPARATOR.length);
  const key = keys.find((candidate) => isNamed(candidate, rest));
  return key === undefined ? null : { key, tag };
}
