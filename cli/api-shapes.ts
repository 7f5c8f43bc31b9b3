import { z } from "zod";
import type { ServiceEvent } from "../shared/domain/events.ts";
import type { ReleaseStatus } from "../shared/domain/words.ts";
import { findingsShape, settingRowShape } from "./finding-text.ts";

/** What the CLI reads of the API's answers. Fields that it does not know are kept, so that `--json` shows them. */
const actor = z.looseObject({ name: z.string() });
const failure = z.looseObject({
  code: z.string(),
  message: z.string(),
  help: z
    .looseObject({
      cause: z.string(),
      repair: z.string(),
      command: z.string().nullable(),
      evidence: z.array(z.string()),
    })
    .optional(),
});
const check = z.looseObject({
  name: z.string(),
  verdict: z.enum(["pass", "fail", "inconclusive"]),
  measured: z.string(),
  limit: z.string(),
});
const split = z.array(z.looseObject({ revision: z.string(), percent: z.number() }));
const candidate = z.looseObject({
  revision: z.string(),
  url: z.string(),
  image: z.looseObject({ name: z.string(), digest: z.string() }),
});

/** A newer Gantry may tell of one that this command line does not know; its words say so. */
const status = z.custom<ReleaseStatus>((value) => typeof value === "string", { error: "is no status" });

export const releaseShape = z.looseObject({
  id: z.string(),
  tag: z.string(),
  commit: z.string(),
  repository: z.string(),
  service: z.string(),
  status,
  requestedBy: actor,
  requestedAt: z.number(),
  updatedAt: z.number(),
  endedAt: z.number().nullable(),
  build: z.looseObject({ id: z.string(), logUrl: z.string() }).nullable(),
  candidate: candidate.nullable(),
  stable: z.string().nullable(),
  percent: z.number(),
  findings: findingsShape.exactOptional(),
  checks: z.array(check),
  approvedBy: z.array(actor),
  approval: z.looseObject({ id: z.string(), expiresAt: z.number() }).nullable(),
  paused: z.boolean(),
  plan: z.looseObject({
    steps: z.array(z.looseObject({ percent: z.number(), holdMs: z.number() })),
    approval: z.looseObject({ count: z.number(), from: z.array(z.string()) }),
  }),
  prebuilt: z.looseObject({ reference: z.string() }).exactOptional(),
  failure: failure.nullable(),
  supersededBy: z.string().nullable(),
  supersededByTag: z.string().nullable(),
  ended: z.boolean(),
});

export type ShownRelease = z.infer<typeof releaseShape>;

export const releasesShape = z.looseObject({
  releases: z.array(releaseShape),
  cursor: z.string().nullable(),
});

const quarantined = z.array(
  z.looseObject({
    tag: z.string(),
    digest: z.string(),
    releaseId: z.string(),
    why: z.string(),
    at: z.number(),
  }),
);

export const quarantineShape = z.looseObject({ service: z.string(), quarantine: quarantined });

const freezeShape = z.looseObject({
  id: z.string(),
  services: z.string(),
  state: z.enum(["planned", "stands", "over", "lifted"]),
  from: z.number(),
  until: z.number().nullable(),
  by: actor,
  reason: z.string(),
  lifted: z.looseObject({ by: actor, at: z.number(), reason: z.string() }).nullable(),
});

export type ShownFreeze = z.infer<typeof freezeShape>;

const windowShape = z.looseObject({
  name: z.string(),
  services: z.array(z.string()),
  stands: z.boolean(),
  until: z.number().nullable(),
});

export type ShownWindow = z.infer<typeof windowShape>;

export const freezesShape = z.looseObject({ freezes: z.array(freezeShape), windows: z.array(windowShape) });

export const freezeAnswerShape = z.looseObject({ freeze: freezeShape, message: z.string() });

const serviceFields = {
  key: z.string(),
  name: z.string(),
  now: z.string(),
  live: z.looseObject({ id: z.string(), tag: z.string(), candidate }).nullable(),
  active: z
    .looseObject({ id: z.string(), tag: z.string(), status, paused: z.boolean().exactOptional() })
    .nullable(),
  queue: z.array(z.looseObject({ id: z.string(), tag: z.string() })),
  quarantine: quarantined,
  frozen: z.array(z.looseObject({ words: z.string() })).default([]), // an older server knows none
  drift: z
    .looseObject({ rows: z.array(settingRowShape), by: z.string().nullable(), since: z.number() })
    .nullable(),
  hold: z.looseObject({ failure, since: z.number(), found: split }).nullable(),
};

export const servicesShape = z.looseObject({ services: z.array(z.looseObject(serviceFields)) });

const share = z.looseObject({
  revision: z.string().nullable(),
  percent: z.number(),
  tag: z.string().nullable(),
});

const traffic = z.discriminatedUnion("state", [
  z.looseObject({
    state: z.literal("read"),
    url: z.string(),
    desired: z.array(share),
    effective: z.array(share),
    settled: z.boolean(),
    ready: z.looseObject({ state: z.string(), message: z.string() }),
  }),
  z.looseObject({ state: z.literal("absent") }),
  z.looseObject({ state: z.literal("unknown"), error: z.string() }),
]);

const warmth = z.looseObject({ words: z.string() });

export const serviceShape = z.looseObject({ ...serviceFields, traffic, warmth: warmth.exactOptional() });

export type ShownService = z.infer<typeof serviceShape>;
export type ShownTraffic = z.infer<typeof traffic>;

export const refusalShape = z.looseObject({
  id: z.string(),
  at: z.number(),
  repository: z.string(),
  tag: z.string(),
  service: z.string().nullable(),
  requestedBy: z.string(),
  code: z.string(),
  message: z.string(),
  problems: z.array(z.string()),
});

export type ShownRefusal = z.infer<typeof refusalShape>;

export const refusalsShape = z.looseObject({ refusals: z.array(refusalShape) });

export const explanationShape = z.looseObject({
  releaseId: z.string(),
  status,
  happened: z.string(),
  traffic: z.string(),
  why: z.string(),
  next: z.array(z.string()),
});

export const takenShape = z.looseObject({ releaseId: z.string() });

export const answerShape = z.looseObject({ releaseId: z.string(), status, message: z.string() });

export const deadLettersShape = z.looseObject({
  deadletters: z.array(
    z.looseObject({
      id: z.string(),
      subscription: z.string(),
      topic: z.string(),
      attempts: z.number(),
      lastError: z.string(),
      deadAt: z.number(),
      replayedAt: z.number().nullable(),
    }),
  ),
});

export const replayedShape = z.looseObject({ id: z.string(), replayed: z.boolean() });

const factShape = z.looseObject({ type: z.string(), at: z.number(), releaseId: z.string() });

/** A fact as far as every fact is alike: a newer server may tell of types that this CLI does not know. */
const event = z.custom<ServiceEvent>((value) => factShape.safeParse(value).success, { error: "is no event" });

export const storedEventShape = z.looseObject({ service: z.string(), position: z.number(), event });

export type ShownEvent = z.infer<typeof storedEventShape>;

export const eventsShape = z.looseObject({ events: z.array(storedEventShape) });

export const problemShape = z.looseObject({
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.string(),
  next: z.string(),
});

export type ShownProblem = z.infer<typeof problemShape>;
