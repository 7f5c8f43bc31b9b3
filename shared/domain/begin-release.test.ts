import { expect } from "chai";
import { carryOn, given } from "../../test/support/decider-spec.ts";
import { image, releaseBasics, releaseId, tagName } from "../../test/support/fixtures.ts";
import { broken, buildId, first, say, second, stable, upTo } from "../../test/support/release-story.ts";

const prebuilt = { reference: "registry.test/api:v1", image: image("d9") };
const withImage = releaseBasics({ id: releaseId("release-9"), tag: tagName("v1.9.0"), prebuilt });

describe("a release whose image was built elsewhere", () => {
  const of = { id: withImage.id };

  it("is not built: after the preflight it has the image, and the record says who gave it", () => {
    const asked = given(say.request(withImage));
    expect(asked.state.active).to.include({ status: "building" });
    const { events, state } = asked.when(say.preflight([], of));
    expect(events.map(({ type }) => type)).to.deep.equal(["preflight-passed", "image-given"]);
    const { image: built, reference } = prebuilt;
    expect(events.at(-1)).to.deep.include({ image: built, reference, by: first.requestedBy });
    expect(state.active).to.deep.include({ status: "deploying", image: built, prebuilt });
  });

  it("hears nothing of builds", () => {
    for (const stray of [say.buildStarted(of), say.built(of), say.buildFailed(of)])
      given(say.request(withImage)).when(stray).changesNothing();
  });

  it("waits behind one with traffic, and keeps its image until its turn comes", () => {
    const busy = given(...upTo("baking"), say.request(withImage));
    const { state } = busy.when(say.drift([{ revision: stable, percent: 100 }]));
    expect(state.active).to.deep.include({ id: withImage.id, status: "building", prebuilt });
    carryOn(state).when(say.preflight([], of)).happens("preflight-passed", "image-given");
  });

  it("is refused when its image is in quarantine, and takes the place of nothing", () => {
    const bad = given(...upTo("baking"), say.rollBack(), say.restored());
    const again = releaseBasics({ ...withImage, prebuilt: { ...prebuilt, image: image() } });
    const message = bad.when(say.request(again, { explicit: true })).isRefused("image-quarantined");
    expect(message).to.include("quarantined since");
  });

  it("fails when its image went into quarantine while it waited", () => {
    const same = releaseBasics({ ...withImage, prebuilt: { ...prebuilt, image: image() } });
    const waited = given(...upTo("baking"), say.request(same), say.rollBack(), say.restored());
    const { events, state } = waited.when(say.preflight([], of));
    expect(events.map(({ type }) => type)).to.deep.equal([
      "preflight-passed",
      "image-given",
      "release-failed",
    ]);
    expect(state.active).to.equal(null);
  });
});

describe("a build that the platform lost", () => {
  it("is built once more, and its first build counts no longer, whatever is told of it late", () => {
    const lost = given(...upTo("building"), say.buildLost());
    expect(lost.state.active).to.deep.include({ status: "building", build: null, lost: buildId() });
    for (const late of [
      say.buildStarted(),
      say.buildWorking(),
      say.built(),
      say.buildFailed(),
      say.buildLost(),
    ])
      lost.when(late).changesNothing();
  });

  it("goes on with what the second build brings", () => {
    const again = buildId("build-2");
    const second = given(
      ...upTo("building"),
      say.buildLost(),
      say.buildStarted({}, again),
      say.buildWorking({}, again),
    );
    second.when(say.built({}, image(), again)).happens("build-succeeded");
    given(...upTo("building"), say.buildLost())
      .when(say.built({}, image(), again))
      .happens("build-succeeded");
  });

  it("fails when the platform loses it twice, and says so", () => {
    const again = buildId("build-2");
    const twice = given(...upTo("building"), say.buildLost(), say.buildStarted({}, again)).when(
      say.buildLost({}, again),
    );
    const [event] = twice.events;
    expect(event).to.deep.include({
      type: "release-failed",
      failure: {
        ...broken,
        message: `${broken.message} It was built twice, and the platform failed both times.`,
      },
    });
  });

  it("fails at once when what was built is at fault", () => {
    given(...upTo("building"))
      .when(say.buildFailed())
      .happens("release-failed");
    const again = buildId("build-2");
    given(...upTo("building"), say.buildLost())
      .when(say.buildFailed({}, again))
      .happens("release-failed");
  });

  it("is found even when its start was never reported", () => {
    given(say.request()).when(say.buildLost()).happens("build-lost");
  });

  it("is cleared away when the release ends meanwhile", () => {
    const { state } = carryOn(given(...upTo("building"), say.buildLost()).state, say.request(second));
    expect(state.leftovers).to.deep.include({
      releaseId: first.id,
      build: true,
      candidate: false,
      ended: "failed",
      found: 1,
    });
  });
});
