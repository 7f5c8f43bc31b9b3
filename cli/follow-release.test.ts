import { expect } from "chai";
import type { ServiceEvent } from "../shared/domain/events.ts";
import { releaseIdFor } from "../shared/usecases/release-id.ts";
import { cliHarness, seen } from "../test/support/cli-harness.ts";
import {
  began,
  candidate,
  monday,
  person,
  refusal,
  releaseBasics,
  releaseId,
  requested,
  revisionName,
  serviceKey,
  tagName,
} from "../test/support/fixtures.ts";

const id = releaseId();
const release = releaseBasics();
const key = serviceKey();
const basics = { at: monday, releaseId: id };
const failure = { code: "gate-failed", message: "health answered 500" } as const;
const begun = [requested(), began()];
const live: ServiceEvent = {
  ...basics,
  type: "release-live",
  revision: revisionName("background-removal-00002"),
};
const deployed: ServiceEvent = {
  ...basics,
  type: "candidate-deployed",
  candidate: candidate(),
  stable: revisionName(),
};

const ends: readonly (readonly [string, number, ServiceEvent])[] = [
  ["live", 0, live],
  ["failed", 1, { ...basics, type: "release-failed", failure }],
  ["cancelled", 2, { ...basics, type: "release-cancelled", failure, by: person }],
  ["rejected", 2, { ...basics, type: "release-rejected", failure, by: person }],
  [
    "superseded",
    2,
    {
      ...basics,
      type: "release-superseded",
      failure,
      by: releaseId("release-2"),
      byTag: tagName("v2.0.0"),
    },
  ],
  ["rolled back", 3, { ...basics, type: "release-rolled-back", failure }],
];

/** Waits take no time at all. */
const instantClock = {
  now: () => monday,
  sleep: ({ signal }: Readonly<{ signal: AbortSignal }>) =>
    new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else setImmediate(resolve);
    }),
};

describe("following a release", () => {
  let harness: Awaited<ReturnType<typeof cliHarness>>;

  beforeEach(async () => {
    harness = await cliHarness();
  });
  afterEach(() => harness.stop());

  for (const [name, exitCode, event] of ends) {
    it(`ends with ${exitCode} when the release is ${name}`, async () => {
      await harness.tell(begun);
      const watch = harness.begin(["status", key, "--watch"]);
      await seen(watch.stdout, "begins with commit");
      await harness.tell([event], { active: null });
      const ran = await watch.ended;
      expect(ran.exitCode).to.equal(exitCode);
      expect(ran.stdout).to.include(name);
      expect(ran.stderr.includes("gantry releases explain release-1")).to.equal(exitCode !== 0);
    });
  }

  it("prints each change once, as a line with its time, and nothing of other releases", async () => {
    await harness.tell(begun);
    const watch = harness.begin(["status", "background-removal", "--watch"]);
    await seen(watch.stdout, "begins");
    await harness.tell([deployed]);
    await harness.tell([{ ...requested(), releaseId: releaseId("release-2") }]);
    await harness.tell([live], { active: null });
    expect((await watch.ended).stdout.split("\n")).to.deep.equal([
      "09:00:00 UTC  v1.0.0  asked for by ada",
      "09:00:00 UTC  v1.0.0  begins with commit c0ffee0",
      "09:00:00 UTC  v1.0.0  background-removal-00002 is ready at 0 % and is being verified; background-removal-00001 serves 100 %",
      "09:00:00 UTC  v1.0.0  is live as background-removal-00002",
      "v1.0.0 is live.",
      "",
    ]);
  });

  it("prints one JSON object a line, the verdict last", async () => {
    await harness.tell([...begun, live], { active: null });
    await harness.tell([], { active: { ...release, status: "building", build: null } });
    const { stdout, exitCode } = await harness.run(["status", key, "--watch", "--json"]);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(exitCode).to.equal(0);
    expect(lines.map(({ type, status }) => type ?? status)).to.deep.equal([
      "release-requested",
      "release-began",
      "release-live",
      "live",
    ]);
    expect(lines[0]).to.include({ at: "2026-01-05T09:00:00.000Z", releaseId: "release-1", tag: "v1.0.0" });
    expect(lines[3]).to.include({ exitCode: 0 });
  });

  it("says what a held release waits for, and ends with 8 at --timeout", async () => {
    await harness.tell([...begun, { ...basics, type: "release-held", failure, found: [] }]);
    const ran = await harness.run(["status", key, "--watch", "--timeout", "5s"]);
    expect(ran.exitCode).to.equal(8);
    expect(ran.stdout).to.include("is held with no traffic to any revision: health answered 500");
    expect(ran.stderr).to.include("has not ended within --timeout");
    expect(ran.stderr).to.include("v1.0.0 is held and waits for a person.");
  });

  it("ends with 130 when a person stops it, and says that the release goes on", async () => {
    await harness.tell(begun);
    const watch = harness.begin(["status", key, "--watch"]);
    await seen(watch.stdout, "begins");
    watch.stop();
    const { exitCode, stderr } = await watch.ended;
    expect(exitCode).to.equal(130);
    expect(stderr).to.include("What runs in Gantry goes on");
  });

  it("comes back with the last position when the server restarts", async () => {
    await harness.tell(begun);
    const watch = harness.begin(["status", key, "--watch"]);
    await seen(watch.stdout, "begins");
    await harness.restart();
    await harness.tell([deployed]);
    await seen(watch.stdout, "is ready at 0 %");
    await harness.tell([live], { active: null });
    const { stdout, exitCode } = await watch.ended;
    expect(exitCode).to.equal(0);
    expect(stdout.split("\n")).to.have.length(6);
  });

  it("asks instead where event streams do not get through", async () => {
    await harness.tell(begun);
    let streams = 0;
    const noStreams: typeof fetch = (input, init) => {
      if (!String(input).includes("/events?after=")) return fetch(input, init);
      streams += 1;
      return Promise.reject(new TypeError("fetch failed", { cause: new Error("the proxy hung up") }));
    };
    const watch = harness.begin(["status", key, "--watch"], { fetch: noStreams });
    await seen(watch.stderr, "trying again");
    await harness.tell([deployed]);
    await harness.tell([live], { active: null });
    const { exitCode, stdout } = await watch.ended;
    expect(exitCode).to.equal(0);
    expect(stdout.split("\n")).to.have.length(6);
    expect(streams).to.equal(3);
  });

  it("tells how the latest release ended when none runs", async () => {
    await harness.tell([...begun, { ...basics, type: "release-rolled-back", failure }], { active: null });
    const ran = await harness.run(["status", key, "--watch"]);
    expect(ran).to.include({ exitCode: 3, stdout: "v1.0.0 was rolled back.\n" });
    expect(ran.stderr).to.include("No release runs");
  });

  it("waits with `deploy --wait` until the release is taken up", async () => {
    const deploy = harness.begin(["deploy", "v1.0.0", "--wait"]);
    while (harness.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const of = { releaseId: releaseIdFor(harness.requests[0]?.requestId ?? "") };
    await harness.tell(
      [
        { ...requested(), ...of },
        { ...live, ...of },
      ],
      { active: null },
    );
    const { exitCode, stdout } = await deploy.ended;
    expect(exitCode).to.equal(0);
    expect(stdout).to.include("is live as background-removal-00002");
  });

  it("gives up on a request that nobody takes up, and says where to look", async () => {
    const { exitCode, stderr } = await harness.run(["deploy", "v1.0.0", "--wait"], { clock: instantClock });
    expect(exitCode).to.equal(1);
    expect(stderr).to.include("(not-taken-up)").and.to.include("Next:    gantry deadletter list");
  });

  it("gives up on a server that stays away, and says once that it tries again", async () => {
    await harness.tell(begun);
    let isAway = false;
    const away: typeof fetch = (input, init) =>
      isAway ? Promise.reject(new TypeError("fetch failed")) : fetch(input, init);
    const watch = harness.begin(["status", key, "--watch"], { fetch: away, clock: instantClock });
    await seen(watch.stdout, "begins");
    isAway = true;
    await harness.restart();
    const { exitCode, stderr } = await watch.ended;
    expect(exitCode).to.equal(1);
    expect(stderr.match(/trying again/g)).to.have.length(1);
    expect(stderr).to.include("(server-unreachable)");
  });

  it("ends with 1 and every problem when the request is refused", async () => {
    const deploy = harness.begin(["deploy", "v1.0.0", "--wait"]);
    while (harness.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const problems = ["gantry.yaml:3:5 a: is missing", "gantry.yaml:9:1 b: unknown key"];
    await harness.store.recordRefusal(
      refusal({ id: releaseIdFor(harness.requests[0]?.requestId ?? ""), problems }),
    );
    const { exitCode, stderr } = await deploy.ended;
    expect(exitCode).to.equal(1);
    for (const problem of problems) expect(stderr).to.include(problem);
    expect(stderr).to.include("nothing was built").and.to.include("(config-invalid)");
    expect(stderr).to.include("git push origin NEXT_TAG");
  });

  it("names the push that is missing when the tag is not there", async () => {
    const known = harness.requests.length;
    const deploy = harness.begin(["deploy", "v1.0.0", "--wait"]);
    while (harness.requests.length === known) await new Promise((resolve) => setTimeout(resolve, 5));
    const id = releaseIdFor(harness.requests.at(-1)?.requestId ?? "");
    await harness.store.recordRefusal(refusal({ id, code: "tag-not-found", problems: [] }));
    const { stderr } = await deploy.ended;
    expect(stderr)
      .to.match(/Next: +git push origin v[0-9.]+\n +gantry deploy v/)
      .and.not.include("NEXT_TAG");
  });
});
