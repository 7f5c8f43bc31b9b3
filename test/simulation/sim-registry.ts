import type { Image } from "../../shared/domain/service-state.ts";
import { AppError } from "../../shared/ports/app-error.ts";
import type { ImagesPort } from "../../shared/ports/images.ts";
import type { SimProcess, Surroundings } from "./sim-process.ts";

/** An image registry: what was pushed by hand, by name. */
export class SimRegistry {
  readonly #world: Surroundings;
  readonly #images = new Map<string, Image>();

  constructor(world: Surroundings) {
    this.#world = world;
  }

  push(image: Image): void {
    this.#images.set(image.name, image);
  }

  port(process: SimProcess): ImagesPort {
    const { callFails: fails, callSlow: slow } = this.#world.faults;
    return {
      resolve: ({ name }) =>
        process.call({
          effect: () => {
            const image = this.#images.get(name);
            return image === undefined
              ? { outcome: "not-found" as const, message: `there is no ${name}` }
              : { outcome: "found" as const, image };
          },
          lost: unavailable,
          fails,
          replyLost: 0,
          slow,
        }),
    };
  }
}

function unavailable(): AppError {
  return new AppError({ code: "images-unavailable", message: "HTTP 503 (simulated)", transient: true });
}
