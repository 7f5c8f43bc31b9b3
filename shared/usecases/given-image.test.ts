import { expect } from "chai";
import { build } from "../../functions/build.ts";
import { commitOf, image, releaseBasics } from "../../test/support/fixtures.ts";
import {
  type FunctionHarness,
  functionHarness,
  openPolicy,
  pubSubEvent,
  releaseRequest,
} from "../../test/support/function-harness.ts";
import type { Policy } from "../domain/policy.ts";
import { newService } from "../domain/service-state.ts";
import { AppError } from "../ports/app-error.ts";
import { topics } from "../ports/bus.ts";
import type { ImageAnswer } from "../ports/images.ts";
import type { ReleaseRequest } from "./desk.ts";
import { releaseIdFor } from "./release-id.ts";

const id = releaseIdFor("api/1");
const own = "europe-west1-docker.pkg.dev/gantry-test/gantry/background-removal";
const reference = `${own}:by-hand`;
const { digest } = image("e1");

async function ask(harness: FunctionHarness, changes: Partial<ReleaseRequest> = {}): Promise<void> {
  const request = releaseRequest({ requestId: "api/1", explicit: true, image: reference, ...changes });
  await harness.finished(build(harness.deps)(pubSubEvent(topics.releases, request)));
}

describe("a release of an image that was built elsewhere", () => {
  it("is not built: its digest goes on to the deploy, and the record tells who gave it", async () => {
    const harness = functionHarness();
    await ask(harness);
    expect(harness.world.builds).to.deep.equal([]);
    const record = await harness.deps.store.release(id);
    expect(record).to.deep.include({
      status: "deploying",
      tag: "v1.0.0",
      prebuilt: { reference, image: { name: own, digest } },
    });
    const given = (await harness.deps.store.releaseEvents(id)).map(({ event }) => event).at(-1);
    expect(given).to.deep.include({ type: "image-given", by: releaseRequest().requestedBy, reference });
  });

  it("takes tag, commit and config of the live release where no tag is named", async () => {
    const harness = functionHarness();
    const { service, candidate } = harness.world;
    const live = { ...releaseBasics(), candidate, stable: null, since: 1 };
    const state = { ...newService(service), live };
    await harness.deps.store.commit(commitOf({ service, state }));
    await ask(harness, { tag: null });
    const record = await harness.deps.store.release(id);
    expect(record).to.deep.include({ tag: live.tag, commit: live.commit, status: "deploying" });
  });

  it("is refused where no tag is named and none is live", async () => {
    const harness = functionHarness();
    await ask(harness, { tag: null });
    const refusal = await harness.deps.store.refusal(id);
    expect(refusal).to.include({ code: "tag-not-named", tag: "(none)" });
    expect(refusal?.message).to.include("gantry deploy TAG --image IMAGE");
  });

  const refusals: readonly (readonly [
    string,
    Readonly<{ policy?: Partial<Policy>; image?: string; answer?: ImageAnswer }>,
    string,
    string,
  ])[] = [
    ["is none", { image: "API:v1" }, "image-invalid", "is no image"],
    [
      "lies where the service's builds do not go",
      { image: "docker.io/evil/api:v1" },
      "image-not-allowed",
      own.replace(/\/[^/]*$/, "/**"),
    ],
    [
      "lies where the policy lets none come from",
      { policy: { images: ["us-docker.pkg.dev/acme/**"] } },
      "image-not-allowed",
      "us-docker.pkg.dev/acme/**",
    ],
    [
      "is not there",
      { answer: { outcome: "not-found", message: "no such image" } },
      "image-not-found",
      "no such image",
    ],
    ["may not be read", { answer: { outcome: "denied", message: "denied" } }, "image-denied", "denied"],
    ["is no manifest", { answer: { outcome: "unusable", message: "html" } }, "image-invalid", "html"],
  ];
  for (const [what, { policy, image: named, answer }, code, words] of refusals) {
    it(`is refused with ${code} when the image ${what}, and the registry is asked for nothing else`, async () => {
      const harness = functionHarness({ policy: openPolicy(policy) });
      let asked = 0;
      harness.world.image = async () => {
        asked += 1;
        return answer ?? { outcome: "found", image: image() };
      };
      await ask(harness, named === undefined ? {} : { image: named });
      const refusal = await harness.deps.store.refusal(id);
      expect(refusal).to.include({ code });
      expect(refusal?.message).to.include(words);
      expect(asked).to.equal(answer === undefined ? 0 : 1);
    });
  }

  it("comes from where the policy says", async () => {
    const harness = functionHarness({ policy: openPolicy({ images: ["us-docker.pkg.dev/acme/**"] }) });
    await ask(harness, { image: "us-docker.pkg.dev/acme/models/api:v1" });
    expect((await harness.deps.store.release(id))?.status).to.equal("deploying");
  });

  it("waits out a registry that is away", async () => {
    const harness = functionHarness();
    let asked = 0;
    harness.world.image = async ({ name }) => {
      asked += 1;
      if (asked < 3) throw new AppError({ code: "images-unavailable", message: "HTTP 503", transient: true });
      return { outcome: "found", image: { name, digest } };
    };
    await ask(harness);
    expect((await harness.deps.store.release(id))?.status).to.equal("deploying");
  });

  it("is one release, however often the request is delivered, wherever the tag of the image points by then", async () => {
    const harness = functionHarness();
    await ask(harness);
    harness.world.image = async ({ name }) => ({
      outcome: "found",
      image: { name, digest: image("f2").digest },
    });
    await ask(harness);
    expect((await harness.deps.store.release(id))?.prebuilt?.image.digest).to.equal(digest);
    expect(await harness.events(id)).to.have.length(4);
  });
});
