import { refusalWords } from "../../shared/domain/identity-token.ts";
import type { TokenVerdict } from "../../shared/ports/identity-tokens.ts";
import type { Problem } from "../problem.ts";

/** A no to an identity token, in words that hold nothing of it. */
export function tokenRefusal(
  verdict: Extract<TokenVerdict, { ok: false }>,
  params: Readonly<{ what: string; next: string }>,
): Problem {
  const { what, next } = params;
  if (verdict.reason === "keys-unavailable") {
    const detail = `The keys that ${what} is checked with cannot be had: ${verdict.why}`;
    return { code: "keys-unavailable", detail, next: "Try again in a moment." };
  }
  return {
    code: "token-refused",
    detail: `${what} is not believed: ${refusalWords[verdict.reason]}.`,
    next,
  };
}
