import type { FunctionName } from "../shared/install/google-parts.ts";
import { allRights } from "../shared/install/rights.ts";

/** What is bundled: a function, or the HTTP service. */
export type ProgramName = FunctionName | "service";

/** Packages of which each is loaded when a program first needs it. */
export const sdks = [
  "@google-cloud/firestore",
  "@google-cloud/pubsub",
  "@google-cloud/run",
  "@google-cloud/cloudbuild",
  "@google-cloud/monitoring",
  "@slack/web-api",
] as const;

type Sdk = (typeof sdks)[number];

/** Which roles of a service account make use of which package. */
const usedBy: readonly (readonly [role: RegExp, sdk: Sdk])[] = [
  [/^roles\/datastore\./, "@google-cloud/firestore"],
  [/^roles\/pubsub\./, "@google-cloud/pubsub"],
  [/^roles\/run\.(?:developer|viewer)$/, "@google-cloud/run"],
  [/^roles\/cloudbuild\.|BuildKeeper$/, "@google-cloud/cloudbuild"],
  [/^roles\/monitoring\./, "@google-cloud/monitoring"],
];

/**
 * The packages that a program needs: those for whose APIs its service account has a right. What the account may not call is
 * not in the bundle either.
 */
export function sdksOf(name: ProgramName): readonly Sdk[] {
  const rights = allRights().filter(({ component }) => component === name);
  const needs = (sdk: Sdk): boolean =>
    rights.some(
      ({ role, on }) =>
        usedBy.some(([pattern, used]) => used === sdk && pattern.test(role)) ||
        (sdk === "@slack/web-api" && on.kind === "secret" && on.name === "gantry-slack-token"),
    );
  return sdks.filter(needs);
}
