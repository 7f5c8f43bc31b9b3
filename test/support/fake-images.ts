import type { ImageAnswer, ImagesPort } from "../../shared/ports/images.ts";
import { image } from "./fixtures.ts";

/** A registry that answers for every name alike; without a word, with an image of that name. */
export function fakeImages(answer: ImageAnswer | null = null): ImagesPort {
  return {
    resolve: async ({ name, digest }) =>
      answer ?? { outcome: "found", image: { name, digest: digest ?? image("e1").digest } },
  };
}
