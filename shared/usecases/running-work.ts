/**
 * The work that this process does right now. When a decision ends what is owed, the work is told to stop at once,
 * instead of at its next heartbeat.
 */
export class RunningWork {
  readonly #running = new Map<string, { service: string; controller: AbortController }>();

  /** The signal aborts once the work is no longer owed, or its claim is lost. */
  begin(params: Readonly<{ id: string; service: string }>): AbortController {
    const controller = new AbortController();
    this.#running.set(params.id, { service: params.service, controller });
    return controller;
  }

  end(id: string): void {
    this.#running.delete(id);
  }

  /** Stops what runs for the service and is not in the list of owed ids. */
  keepOnly(params: Readonly<{ service: string; owed: ReadonlySet<string> }>): void {
    for (const [id, { service, controller }] of this.#running)
      if (service === params.service && !params.owed.has(id)) controller.abort();
  }

  /** Stops everything: the process is about to end. */
  stopAll(): void {
    for (const { controller } of this.#running.values()) controller.abort();
  }

  get count(): number {
    return this.#running.size;
  }
}
