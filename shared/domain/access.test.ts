import { expect } from "chai";
import { openPolicy } from "../../test/support/function-harness.ts";
import { rolesOf } from "./access.ts";
import type { Policy } from "./policy.ts";

const policy: Policy = openPolicy({
  people: {
    robin: { github: [], slack: [], google: ["robin@example.com", "robin@home.test"] },
    lee: { github: [], slack: [], google: [] },
  },
  access: {
    viewers: ["*@example.com", "guest@other.test"],
    operators: ["robin", "lee", "ci@perkie.iam.gserviceaccount.com"],
  },
});

const cases: readonly [email: string, roles: readonly string[], why: string][] = [
  ["robin@example.com", ["viewer", "operator"], "an operator by the name of a person"],
  ["Robin@Home.Test", ["viewer", "operator"], "the same person at another address, whatever the case"],
  ["ci@perkie.iam.gserviceaccount.com", ["viewer", "operator"], "an operator by address"],
  ["maya@example.com", ["viewer"], "a viewer by domain"],
  ["maya@EXAMPLE.com", ["viewer"], "a viewer by domain, whatever the case"],
  ["guest@other.test", ["viewer"], "a viewer by address"],
  ["maya@example.com.evil.test", [], "a domain that only begins like one"],
  ["maya@notexample.com", [], "a domain that only ends like one"],
  ["maya@sub.example.com", [], "a domain below one"],
  ["other@other.test", [], "another address of a domain"],
  ["robin", [], "a name that is no address"],
  ["@example.com", [], "an address of nobody"],
  ["lee", [], "a person without an address"],
  ["", [], "nobody"],
];

describe("rolesOf()", () => {
  for (const [email, roles, why] of cases)
    it(`gives ${why} ${roles.join(" and ") || "nothing"}`, () => {
      expect(rolesOf(policy, email)).to.deep.equal(roles);
    });

  it("gives nobody anything where the policy names nobody", () => {
    expect(rolesOf(openPolicy(), "robin@example.com")).to.deep.equal([]);
  });
});
