import type { ImageReference } from "../domain/image-reference.ts";
import type { Image } from "../domain/service-state.ts";

/** `found`: what the reference stands for at this moment, by digest. Else why it stands for nothing that can be deployed. */
export type ImageAnswer =
  | Readonly<{ outcome: "found"; image: Image }>
  | Readonly<{ outcome: "not-found" | "denied" | "unusable"; message: string }>;

/** Image registries, over the API of the OCI distribution specification. Reads only. */
export interface ImagesPort {
  /** Throws `AppError` `images-unavailable` (transient) when the registry cannot be asked. */
  resolve(reference: ImageReference): Promise<ImageAnswer>;
}
