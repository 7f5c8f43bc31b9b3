import { expect } from "chai";
import {
  claimRefusal,
  clockSkewS,
  type ExpectedToken,
  longestLifeS,
  refusalWords,
  type TokenClaims,
} from "./identity-token.ts";

const nowS = 1_767_600_000;
const audience = "https://gantry.example.com";
const caller = "gantry-push@perkie.iam.gserviceaccount.com";

const push: ExpectedToken = {
  issuers: ["https://accounts.google.com", "accounts.google.com"],
  audience,
  email: caller,
  needsVerifiedEmail: true,
};

const good: TokenClaims = {
  issuer: "https://accounts.google.com",
  audience,
  email: caller,
  isEmailVerified: true,
  hostedDomain: null,
  issuedAt: nowS - 60,
  expiresAt: nowS + 3_540,
  notBefore: null,
};

const anyone: ExpectedToken = { ...push, email: null };
const iap: ExpectedToken = {
  ...anyone,
  issuers: ["https://cloud.google.com/iap"],
  needsVerifiedEmail: false,
};

const cases: readonly [
  what: string,
  changes: Partial<TokenClaims>,
  expected: ExpectedToken,
  string | null,
][] = [
  ["from the expected account", {}, push, null],
  ["with the other spelling of the issuer", { issuer: "accounts.google.com" }, push, null],
  ["of anybody where nobody is expected by name", { email: "robin@example.com" }, anyone, null],
  [
    "of IAP, which says nothing of verified mail",
    { issuer: "https://cloud.google.com/iap", isEmailVerified: false },
    iap,
    null,
  ],
  ["of another issuer", { issuer: "https://evil.example.com" }, push, "issuer"],
  [
    "whose issuer only begins like Google",
    { issuer: "https://accounts.google.com.evil.test" },
    push,
    "issuer",
  ],
  ["of Google where IAP is expected", {}, iap, "issuer"],
  ["without an issuer", { issuer: null }, push, "issuer"],
  ["for another service", { audience: "https://other.example.com" }, push, "audience"],
  ["for a longer address of the same service", { audience: `${audience}/` }, push, "audience"],
  ["for the same address in capitals", { audience: audience.toUpperCase() }, push, "audience"],
  ["without an audience, or with several", { audience: null }, push, "audience"],
  [
    "of another account of the same project",
    { email: "other@perkie.iam.gserviceaccount.com" },
    push,
    "caller",
  ],
  [
    "of the account's name in another project",
    { email: "gantry-push@evil.iam.gserviceaccount.com" },
    push,
    "caller",
  ],
  ["of the same account in capitals", { email: caller.toUpperCase() }, push, "caller"],
  ["without a mail address", { email: null }, push, "email-missing"],
  ["with an empty mail address", { email: "" }, anyone, "email-missing"],
  ["with more than a mail address can be", { email: `r@${"e".repeat(319)}` }, anyone, "email-missing"],
  ["whose mail address nobody verified", { isEmailVerified: false }, push, "email-unverified"],
  ["that ended a moment ago, by a clock that may be off", { expiresAt: nowS - clockSkewS + 1 }, push, null],
  ["that ended longer ago than clocks differ", { expiresAt: nowS - clockSkewS }, push, "expired"],
  ["without an end", { expiresAt: null }, push, "unreadable"],
  ["without a beginning", { issuedAt: null }, push, "unreadable"],
  ["issued by a clock that is ahead", { issuedAt: nowS + clockSkewS }, push, null],
  ["issued further ahead than clocks differ", { issuedAt: nowS + clockSkewS + 1 }, push, "not-yet-valid"],
  ["not valid before later", { notBefore: nowS + clockSkewS + 1 }, push, "not-yet-valid"],
  ["valid since a moment ago", { notBefore: nowS - 1 }, push, null],
  [
    "that lives for longer than Google's do",
    { expiresAt: nowS + longestLifeS + clockSkewS },
    push,
    "too-long-lived",
  ],
];

describe("claimRefusal()", () => {
  for (const [what, changes, expected, refusal] of cases)
    it(`${refusal === null ? "takes" : `refuses by ${refusal}`} a token ${what}`, () => {
      expect(claimRefusal({ ...good, ...changes }, expected, nowS)).to.equal(refusal);
    });

  it("has words for each refusal", () => {
    for (const words of Object.values(refusalWords)) expect(words).to.match(/^(?:it|its|somebody|the) /);
  });
});
