import { expect } from "chai";
import fc from "fast-check";
import { parseRevisionName, type TagName } from "../../domain/ids.ts";
import { revisionNameFor } from "./revision-name.ts";

const nameOf = (service: string, tag: string, seed: unknown = { digest: "d" }): string =>
  revisionNameFor({ service, tag: tag as TagName, seed });

const serviceNames = fc.stringMatching(/^[a-z][a-z0-9-]{0,47}[a-z0-9]$/);
const tags = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+/-]{0,127}$/);

describe("revisionNameFor()", () => {
  it("begins with the service, tells the tag, and ends with a hash", () => {
    expect(nameOf("api", "v1.8.0")).to.match(/^api-v1-8-0-[0-9a-f]{8}$/);
    expect(nameOf("api", "Release/2.0+gpu")).to.match(/^api-release-2-0-gpu-[0-9a-f]{8}$/);
    expect(nameOf("s".repeat(49), "v1.8.0")).to.match(/^s{49}-v1-8-[0-9a-f]{8}$/);
    expect(nameOf("s".repeat(49), "-.-")).to.match(/^s{49}-[0-9a-f]{8}$/);
  });

  it("is a DNS label for every service and every tag", () => {
    fc.assert(
      fc.property(serviceNames, tags, (service, tag) => {
        const name = nameOf(service, tag);
        expect(parseRevisionName(name)).to.equal(name);
        expect(name.startsWith(`${service}-`)).to.equal(true);
      }),
    );
  });

  it("is the same for the same seed, whatever order its fields are in and which of them are at their default", () => {
    const seed = { image: "x", template: { timeout: { seconds: "30" }, env: [{ name: "A", value: "1" }] } };
    const written = {
      template: {
        env: [{ value: "1", name: "A", valueSource: null }],
        volumes: [],
        timeout: { nanos: 0, seconds: "30" },
      },
      image: "x",
      attempt: 0,
    };
    expect(nameOf("api", "v1", written)).to.equal(nameOf("api", "v1", seed));
  });

  it("is another for any other seed", () => {
    const seeds = [{ attempt: 1 }, { attempt: 2 }, { env: ["A", "B"] }, { env: ["B", "A"] }, { digest: "e" }];
    expect(new Set(seeds.map((seed) => nameOf("api", "v1", seed))).size).to.equal(seeds.length);
  });
});
