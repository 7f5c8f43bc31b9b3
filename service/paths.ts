import type { ImageDigest, ReleaseId, ServiceKey } from "../shared/domain/ids.ts";

type ReleaseAction = "cancel" | "approve" | "reject" | "pause" | "resume" | "promote";

const encoded = (key: ServiceKey): string => key.split("/").map(encodeURIComponent).join("/");

/** The one place that builds URLs of the console and the API; every part is encoded. */
export const paths = {
  home: () => "/",
  homePage: (page: number) => `/?page=${page}`,
  login: (next: string) => `/login?next=${encodeURIComponent(next)}`,
  release: (id: ReleaseId) => `/releases/${encodeURIComponent(id)}`,
  releaseAction: (id: ReleaseId, action: ReleaseAction) => `/releases/${encodeURIComponent(id)}/${action}`,
  refusal: (id: string) => `/refusals/${encodeURIComponent(id)}`,
  rollBack: (service: ServiceKey) => `/services/${encoded(service)}/rollback`,
  freeDigest: (service: ServiceKey, digest: ImageDigest) =>
    `/services/${encoded(service)}/quarantine/${digest}/free`,
  freeze: (service: ServiceKey) => `/services/${encoded(service)}/freeze`,
  liftFreeze: (id: string) => `/freezes/${encodeURIComponent(id)}/lift`,
  cost: (service: ServiceKey, days: number) => `/services/${encoded(service)}/cost?days=${days}`,
  asset: (name: string) => `/assets/${name}`,
  api: {
    services: () => "/api/v1/services",
    service: (key: ServiceKey) => `/api/v1/services/${encoded(key)}`,
    quarantine: (key: ServiceKey) => `/api/v1/services/${encoded(key)}/quarantine`,
    cost: (key: ServiceKey, days: number) => `/api/v1/services/${encoded(key)}/cost?days=${days}`,
    releases: () => "/api/v1/releases",
    release: (id: ReleaseId) => `/api/v1/releases/${encodeURIComponent(id)}`,
    releaseEvents: (id: ReleaseId) => `/api/v1/releases/${encodeURIComponent(id)}/events`,
    explain: (id: ReleaseId) => `/api/v1/releases/${encodeURIComponent(id)}/explain`,
    deadLetters: () => "/api/v1/deadletters",
    refusal: (id: string) => `/api/v1/refusals/${encodeURIComponent(id)}`,
  },
} as const;

/** A path of this site to go on to, or `/` when the text could lead anywhere else. */
export function safeNext(text: string | undefined): string {
  return text !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(text) && !text.includes("\\") ? text : "/";
}
