/**
 * The work that this process does right now. When a decision ends what is owed, the work is told to stop at once,
 * instead of at its next heartbeat.
 */
export class RunningWork {
  readonly #running = new Map<AbortController, Readonly<{ id: string; service: string }>>();

  /** The signal aborts once the work is no longer owed, or its claim is lost. Each run of the same work has its own. */
  begin(params: Readonly<{ id: string; service: string }>): AbortController {
    const controller = new AbortController();
    this.#running.set(controller, params);
    return controller;
  }

  /** That run is over; another one of the same work goes on. */
  end(run: AbortController): void {
    this.#running.delete(run);
  }

  /** Stops what runs for the service and is not in the list of owed ids. */
  keepOnly(params: Readonly<{ service: string; owed: ReadonlySet<string> }>): void {
    for (const [controller, { id, service }] of this.#running)
      if (service === params.service && !params.owed.has(id)) controller.abort();
  }

  /** Stops everything: the process is about to end. */
  stopAll(): void {
    for (const controller of this.#running.keys()) controller.abort();
  }

  get count(): number {
    return this.#running.size;
  }
}
