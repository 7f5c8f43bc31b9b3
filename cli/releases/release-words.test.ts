import { expect } from "chai";
import type { ServiceEvent } from "../../shared/domain/events.ts";
import { cliHarness } from "../../test/support/cli-harness.ts";
import { began, monday, releaseId, requested, tagName } from "../../test/support/fixtures.ts";

const of = { at: monday, releaseId: releaseId() };
const system = { kind: "system", name: "gantry" } as const;

type Verb = "list" | "show" | "explain" | "status";
const verbs: readonly Verb[] = ["list", "show", "explain", "status"];

const told: readonly (readonly [name: string, end: ServiceEvent, words: Readonly<Record<Verb, string>>])[] = [
  [
    "expired",
    {
      ...of,
      type: "release-rejected",
      by: system,
      failure: { code: "approval-expired", message: "Nobody approved v1.0.0 in time." },
    },
    {
      list: "Expired",
      show: "expired: Nobody approved v1.0.0 in time.",
      explain: "expired without approval: nobody approved it in time.",
      status: "v1.0.0 expired without approval.",
    },
  ],
  [
    "was superseded",
    {
      ...of,
      type: "release-superseded",
      by: releaseId("release-2"),
      byTag: tagName("v2.0.0"),
      failure: { code: "superseded", message: "v2.0.0 was pushed, so v1.0.0 is not released." },
    },
    {
      list: "Superseded",
      show: "by v2.0.0 (release-2)",
      explain: "v2.0.0 was pushed",
      status: "v1.0.0 was superseded by a newer tag.",
    },
  ],
];

describe("a release that ended, in the words of the CLI", () => {
  for (const [name, end, words] of told)
    it(`says of one that ${name} that it did, in every verb alike`, async () => {
      const harness = await cliHarness();
      try {
        await harness.tell([requested(), began(), end], { active: null });
        for (const verb of verbs) {
          const id = verb === "show" || verb === "explain" ? ["release-1"] : [];
          const args = verb === "status" ? ["status", "--watch"] : ["releases", verb, ...id];
          const { stdout } = await harness.run(args);
          expect(stdout, verb)
            .to.include(words[verb])
            .and.not.match(/\brejected\b/i);
        }
      } finally {
        await harness.stop();
      }
    });
});
