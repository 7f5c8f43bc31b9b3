import { Agent, request } from "node:http";

/** What one visitor of the service met. `revision` null = the answer does not tell who gave it. */
export type Visit = Readonly<{ at: number; status: number; revision: string | null }>;

const everyMs = 25;
const patienceMs = 5_000;

/** A small steady stream of real requests to the URL of the service, as its users send them. */
export class Visitors {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });
  readonly #visits: Visit[] = [];
  readonly #path: string;
  readonly #going = new Set<Promise<void>>();
  #url: string | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  get visits(): readonly Visit[] {
    return this.#visits;
  }

  /** Begins to visit. Does nothing when they come already. */
  come(url: string): void {
    this.#url = url;
    this.#timer ??= setInterval(() => void this.#visit(url), everyMs);
  }

  /** Some visits in a row, one after the other. */
  async ask(times: number): Promise<readonly Visit[]> {
    const visits: Visit[] = [];
    for (let time = 0; time < times; time += 1) visits.push(await this.#ask(this.#url ?? ""));
    return visits;
  }

  /** Waits for those that are on their way. */
  async leave(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await Promise.all(this.#going);
    this.#agent.destroy();
  }

  #visit(url: string): Promise<void> {
    const visit = this.#ask(url).then((answer) => {
      this.#visits.push(answer);
      this.#going.delete(visit);
    });
    this.#going.add(visit);
    return visit;
  }

  #ask(url: string): Promise<Visit> {
    const at = Date.now();
    return new Promise((resolve) => {
      const lost = () => resolve({ at, status: 0, revision: null });
      const asking = request(
        new URL(this.#path, url),
        { agent: this.#agent, timeout: patienceMs },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8");
          answer.on("data", (part: string) => {
            text += part;
          });
          answer.once("error", lost);
          answer.once("end", () =>
            resolve({ at, status: answer.statusCode ?? 0, revision: revisionIn(text) }),
          );
        },
      );
      asking.once("timeout", () => asking.destroy(new Error("no answer")));
      asking.once("error", lost);
      asking.end();
    });
  }
}

function revisionIn(text: string): string | null {
  const [, revision = null] = /"revision":\s*"([^"]+)"/.exec(text) ?? [];
  return revision;
}
