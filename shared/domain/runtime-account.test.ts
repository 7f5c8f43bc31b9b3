import { expect } from "chai";
import { releaseConfig } from "../../test/support/fixtures.ts";
import { openPolicy } from "../../test/support/function-harness.ts";
import { accountRefusal, accountsFor } from "./runtime-account.ts";

const own = "api@acme.iam.gserviceaccount.com";
const other = "payments@acme.iam.gserviceaccount.com";
const plain = releaseConfig();
const naming = (serviceAccount: string) => ({ ...plain, runtime: { ...plain.runtime, serviceAccount } });
const guarding = (serviceAccount: string) => ({
  ...plain,
  guardrails: { ...plain.guardrails, serviceAccount },
});

describe("the account that a service runs as", () => {
  const service = { project: "acme-prod", region: "us-central1", name: "api" };
  const live = { serviceAccount: own };

  it("is one of those that the rules for both repository and service name", () => {
    const rule = { repository: "acme/api", services: ["acme-prod/**"], branches: null, accounts: [own] };
    const policy = openPolicy({
      repositories: [
        rule,
        { ...rule, repository: "acme/*", accounts: ["a*@acme.iam.gserviceaccount.com"] },
        { ...rule, services: ["acme-dev/**"], accounts: [other] },
        { ...rule, repository: "acme/pay", accounts: [other] },
      ],
    });
    const accounts = accountsFor(policy, { repository: "Acme/api", service });
    expect(accounts).to.deep.equal([own, "a*@acme.iam.gserviceaccount.com"]);
  });

  it("stays what it is without a word of the operator, named or not", () => {
    expect(accountRefusal({ config: plain, live, accounts: [] })).to.equal(null);
    expect(accountRefusal({ config: naming(own), live, accounts: [] })).to.equal(null);
    expect(accountRefusal({ config: guarding(other), live, accounts: [] })).to.equal(null); // it is only held against it
  });

  it("becomes another one only where the policy names it", () => {
    const accounts = ["pay*@acme.iam.gserviceaccount.com"];
    expect(accountRefusal({ config: naming(other), live, accounts })).to.equal(null);
    expect(accountRefusal({ config: naming(other), live, accounts: [] })).to.equal(
      `gantry.yaml names the service account ${other}; the service runs as ${own}, and the rule of this repository in gantry.policy.yaml names no account.`,
    );
    expect(accountRefusal({ config: naming(own), live: { serviceAccount: null }, accounts })).to.equal(
      `gantry.yaml names the service account ${own}; the service runs as the project's default account, and the rule of this repository in gantry.policy.yaml names only ${accounts[0]}.`,
    );
  });

  it("is chosen at the first deploy only where the policy names it, by runtime or by guard rail", () => {
    expect(accountRefusal({ config: plain, live: null, accounts: [] })).to.equal(null);
    for (const config of [naming(other), guarding(other)]) {
      expect(accountRefusal({ config, live: null, accounts: [other] })).to.equal(null);
      expect(accountRefusal({ config, live: null, accounts: [own] })).to.include("does not exist yet");
    }
  });
});
