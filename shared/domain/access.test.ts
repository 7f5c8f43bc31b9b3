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
    viewers: ["*@example.com", "guest@other.test", "*@Tools.iam.gserviceaccount.com", "*@gmail.com"],
    operators: ["robin", "lee", "ci@perkie.iam.gserviceaccount.com"],
  },
});

const cases: readonly [
  email: string,
  roles: readonly string[],
  why: string,
  hostedDomain?: string | null, // without it the domain of the address
][] = [
  ["maya@example.com", [], "a personal account of an address that the domain may have taken back", null],
  ["maya@example.com", [], "an account that another domain keeps", "evil.test"],
  ["maya@example.com", [], "an account that a domain below keeps", "sub.example.com"],
  ["maya@example.com", [], "an account of no domain", ""],
  ["maya@example.com", ["viewer"], "a viewer by domain, whatever the case of its keeper", "Example.COM"],
  ["maya@other.test", [], "an address elsewhere of an account that the domain keeps", "example.com"],
  ["robin@home.test", ["viewer", "operator"], "a personal account that is named", null],
  ["guest@other.test", ["viewer"], "a personal account by address", null],
  ["ci@tools.iam.gserviceaccount.com", ["viewer"], "service accounts of a project by domain", null],
  ["ci@gserviceaccount.com.evil.test", [], "what only looks like a service account", null],
  ["somebody@gmail.com", ["viewer"], "whoever Google itself gave an address", null],
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
  for (const [email, roles, why, keeper] of cases)
    it(`gives ${why} ${roles.join(" and ") || "nothing"}`, () => {
      const hostedDomain = keeper === undefined ? email.slice(email.lastIndexOf("@") + 1) : keeper;
      expect(rolesOf(policy, { email, hostedDomain })).to.deep.equal(roles);
    });

  it("gives nobody anything where the policy names nobody", () => {
    expect(rolesOf(openPolicy(), { email: "robin@example.com", hostedDomain: "example.com" })).to.deep.equal(
      [],
    );
  });
});
