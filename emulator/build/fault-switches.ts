import { Hono } from "hono";

/** How a fault is set: how many times it strikes, and what it needs. */
export type FaultOptions = Readonly<{ count?: number; times?: number; ms?: number }>;

/**
 * Faults that can be switched on and off while a part of the local cloud runs. Without a `count` a fault strikes once;
 * those that are named as standing hold until they are cleared.
 */
export class FaultSwitches<Name extends string> {
  readonly names: readonly Name[];
  readonly #standing: readonly Name[];
  readonly #on = new Map<Name, FaultOptions>();

  constructor(names: readonly Name[], standing: readonly Name[]) {
    this.names = names;
    this.#standing = standing;
  }

  set(name: Name, options: FaultOptions = {}): void {
    const once = this.#standing.includes(name) ? {} : { count: 1 };
    this.#on.set(name, { ...once, ...options });
  }

  /** Switches one fault off, or all of them. */
  clear(name?: Name): void {
    if (name === undefined) this.#on.clear();
    else this.#on.delete(name);
  }

  list(): Readonly<Record<string, FaultOptions>> {
    return Object.fromEntries(this.#on);
  }

  isOn(name: Name): boolean {
    return this.#on.has(name);
  }

  /** The options if the fault is on, and one use less of its count; null if it is off. */
  take(name: Name): FaultOptions | null {
    const options = this.#on.get(name);
    if (options === undefined) return null;
    if (options.count === undefined) return options;
    if (options.count <= 1) this.#on.delete(name);
    else this.#on.set(name, { ...options, count: options.count - 1 });
    return options;
  }
}

/** `GET`, `POST {"name", "count"?, "times"?, "ms"?}` and `DELETE ?name=` over a set of faults. */
export function faultRoutes<Name extends string>(faults: FaultSwitches<Name>): Hono {
  const routes = new Hono();
  routes.get("/", (context) => context.json({ on: faults.list(), names: faults.names }));
  routes.post("/", async (context) => {
    const body: unknown = await context.req.json().catch(() => null);
    const name = faults.names.find((each) => each === field(body, "name"));
    if (name === undefined)
      return context.json({ error: `"name" must be one of ${faults.names.join(", ")}` }, 400);
    faults.set(name, numbers(body));
    return context.json({ on: faults.list() });
  });
  routes.delete("/", (context) => {
    const name = context.req.query("name");
    const known = faults.names.find((each) => each === name);
    if (name !== undefined && known === undefined) return context.json({ error: `no fault "${name}"` }, 404);
    faults.clear(known);
    return context.json({ on: faults.list() });
  });
  return routes;
}

function field(body: unknown, key: string): unknown {
  return typeof body === "object" && body !== null
    ? Object.entries(body).find(([name]) => name === key)?.[1]
    : undefined;
}

function numbers(body: unknown): FaultOptions {
  const pairs = ["count", "times", "ms"].map((key) => [key, field(body, key)] as const);
  return Object.fromEntries(pairs.filter(([, value]) => typeof value === "number"));
}
