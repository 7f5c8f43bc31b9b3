import { expect } from "chai";
import { commitOf, releaseRecord, requested, serviceKey, work } from "../test/support/fixtures.ts";
import { newerEvent, newerState, newerWork, withUnknown } from "../test/support/newer-gantry.ts";
import { asViewer, serviceHarness, viewerToken } from "../test/support/service-harness.ts";

type Harness = ReturnType<typeof serviceHarness>;

/** A service in the middle of a release of a newer Gantry. */
async function afterNewer(): Promise<Harness> {
  const harness = serviceHarness();
  await harness.commit(
    commitOf({
      state: newerState(),
      events: [requested(), newerEvent()],
      releases: [withUnknown(releaseRecord(), { status: "shadowing" })],
      owed: [newerWork(), work()],
    }),
  );
  return harness;
}

async function textOf({ app }: Harness, path: string, by: RequestInit = asViewer): Promise<string> {
  const answer = await app.request(path, by);
  expect(answer.status, path).to.equal(200);
  return answer.text();
}

describe("looking up what a newer Gantry wrote", () => {
  const release = `/api/v1/releases/${releaseRecord().id}`;
  const service = `/api/v1/services/${serviceKey()}`;

  it("says so in the API", async () => {
    const harness = await afterNewer();
    for (const path of ["/api/v1/services", service, release, `${release}/explain`, "/api/v1/releases"])
      expect(await textOf(harness, path), path)
        .to.include("newer Gantry")
        .and.not.include("undefined");
    expect(await textOf(harness, service)).to.include("mirror-traffic");
    expect(await textOf(harness, `${release}/events`)).to.include("shadow-began");
    expect(await textOf(harness, `${service}/quarantine`)).to.include("[]");
  });

  it("says so in the console", async () => {
    const harness = await afterNewer();
    const signedIn = await harness.app.request(`/login?token=${viewerToken}`);
    const headers = { cookie: signedIn.headers.get("set-cookie")?.split(";")[0] ?? "" };
    for (const path of ["/", `/releases/${releaseRecord().id}`])
      expect(await textOf(harness, path, { headers }), path)
        .to.include("newer Gantry")
        .and.not.include("undefined");
  });
});
