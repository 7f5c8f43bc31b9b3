import type { Answer } from "./google-api.ts";

/** What was looked at, and what came of it. `unknown` = it could not be looked at, which is not a pass. */
export type Finding = Readonly<{
  check: string; // stable, for scripts
  state: "ok" | "warning" | "broken" | "unknown";
  what: string;
  means: string; // empty when it is well
  next: readonly string[]; // what to type
}>;

/** The four kinds of finding of one check. */
export function findings(check: string) {
  const of =
    (state: Finding["state"]) =>
    (what: string, means: string, ...next: readonly string[]): Finding => ({
      check,
      state,
      what,
      means,
      next,
    });
  return {
    ok: (what: string): Finding => of("ok")(what, ""),
    warning: of("warning"),
    broken: of("broken"),
    unknown: of("unknown"),
  };
}

type Failed = Extract<Answer<never>, { ok: false }>;

/** Why a check could not be made. An API that is off is broken; all else is not known. */
export function unanswered(check: string, what: string, { kind, message }: Failed, project: string): Finding {
  const { broken, unknown } = findings(check);
  switch (kind) {
    case "off": {
      const [api = "API"] = /[a-z]+\.googleapis\.com/.exec(message) ?? [];
      return broken(`${what}: its API is off`, message, `gcloud services enable ${api} --project ${project}`);
    }
    case "denied":
      return unknown(
        `${what}: you may not look`,
        message,
        `gcloud projects add-iam-policy-binding ${project} --member=user:YOU --role=roles/viewer --condition=None`,
        `gcloud projects add-iam-policy-binding ${project} --member=user:YOU --role=roles/iam.securityReviewer --condition=None`,
      );
    case "unauthenticated":
      return unknown(
        `${what}: not looked at, for want of credentials`,
        message,
        "gcloud auth application-default login",
      );
    case "missing":
      return broken(`${what}: Google knows no such thing`, message, `gcloud projects describe ${project}`);
    case "unreachable":
    case "odd":
      return unknown(`${what}: no answer that can be read`, message, "gantry doctor");
  }
}
