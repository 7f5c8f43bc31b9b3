import { expect } from "chai";
import type { Locator, Page } from "playwright-core";
import { chromiumPath, openBrowser } from "../../emulator/slack/testing/chromium.ts";
import type { EventType } from "../../shared/domain/events.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";
import { releaseStatuses } from "../../shared/domain/words.ts";
import { type DeskStage, openDeskStage } from "./desk-stage.ts";
import { portrait, portrayed } from "./portrait.ts";

type Browser = Awaited<ReturnType<typeof openBrowser>>;

const minute = 60_000;
const editEveryMs = 3_000;

describe("The control desk in Slack, clicked through in chromium", function () {
  this.timeout(30_000);
  let desk: DeskStage;
  let browser: Browser | null = null;
  let maya: Page;
  /** The release that is asked for, refused to some, approved, paused and promoted in the tests from there on. */
  let id: ReleaseId;

  before(async function () {
    if (chromiumPath === null) {
      console.log("    skipped: no chromium was found in /usr/bin");
      this.skip();
    }
    const opening = openBrowser(chromiumPath, { viewport: { width: 760, height: 560 } });
    const [opened, stage] = await Promise.all([opening, openDeskStage()]);
    browser = opened;
    desk = stage;
    maya = await pageOf("maya");
    const first = desk.stage.prepare({});
    await desk.stage.trail.first("bake-began");
    desk.clock.putForward(minute);
    await first;
  });

  after(async () => {
    await browser?.close();
    await desk?.close();
  });

  async function pageOf(name: string, query = ""): Promise<Page> {
    if (browser === null) throw new Error("there is no browser");
    const page = await browser.context.newPage();
    await page.goto(`${desk.stage.cloud.slack.url}/?user=${name}${query}`);
    await page.locator("#link-state", { hasText: "live" }).waitFor();
    return page;
  }

  async function pushed(tag: string): Promise<ReleaseId> {
    const [id] = await desk.stage.push(tag);
    if (id === undefined) throw new Error(`${tag} was not taken`);
    return id;
  }

  /** The root message of a release: the first that names its tag. */
  function rootOf(tag: string, page: Page = maya): Locator {
    return page.locator("#messages article", { hasText: `inspirenet-bg-removal-api ${tag}` }).first();
  }

  /** The message once it has these words. It is edited every three seconds at most, and nobody waits for them here. */
  async function seen(tag: string, words: string, picture?: string): Promise<Locator> {
    desk.clock.putForward(editEveryMs);
    const root = rootOf(tag);
    await root.filter({ hasText: words }).waitFor();
    if (picture !== undefined) await portrait(picture, root);
    return root;
  }

  function button(tag: string, name: string | RegExp, page: Page = maya): Locator {
    return rootOf(tag, page).getByRole("button", { name });
  }

  /** Clicks a button, says yes in its dialog, and answers what the dialog said. */
  async function click(tag: string, name: string | RegExp, page: Page = maya): Promise<string> {
    await button(tag, name, page).click();
    return sayYes(page);
  }

  async function sayYes(page: Page): Promise<string> {
    const dialog = page.getByRole("dialog");
    const words = (await dialog.locator("p").textContent()) ?? "";
    await dialog.locator("button[value=confirm]").click();
    return words;
  }

  /** The buttons of a message that change anything. */
  async function offers(tag: string): Promise<readonly string[]> {
    const all = await rootOf(tag).getByRole("button").allTextContents();
    return all.filter((name) => name !== "Open console");
  }

  async function threadOf(tag: string): Promise<string> {
    const ts = (await rootOf(tag).getAttribute("data-ts")) ?? "";
    const page = await pageOf("maya", `&thread=${ts}`);
    const told = (await page.locator("#thread").textContent()) ?? "";
    await page.close();
    return told;
  }

  function count(id: ReleaseId, type: EventType): number {
    return desk.stage.trail.of(id).filter((event) => event.type === type).length;
  }

  it("tells of a release that fails before it has traffic, in the channel too", async () => {
    const id = await pushed("v1.2.0");
    await seen("v1.2.0", "Building", "building");
    await desk.stage.ended(id, "release-failed");
    await seen("v1.2.0", "Failed", "failed");
    expect(await offers("v1.2.0")).to.deep.equal([]);
    await maya.locator("#messages article", { hasText: "replied to a thread" }).first().waitFor();
  });

  it("tells of a rollback under traffic with its numbers while it happens and after it", async () => {
    const { stage } = desk;
    const id = await pushed("v1.6.0");
    await stage.trail.first("traffic-moved", id);
    stage.cloud.run.faults.set({ name: "traffic-lag", ms: 3_000 });
    await stage.trail.first("rollback-began", id);
    await seen("v1.6.0", "Rolling back", "rolling-back");
    stage.cloud.run.faults.clear("traffic-lag");
    await stage.ended(id, "release-rolled-back");
    const root = await seen("v1.6.0", "Rolled back", "rolled-back");
    expect(await root.textContent())
      .to.match(/errors: \d+ of \d+ failed/)
      .and.to.contain("100 %");
    const broadcast = maya.locator("#messages article", { hasText: "replied to a thread" });
    await broadcast.filter({ hasText: "v1.6.0 was rolled back" }).waitFor();
  });

  it("leaves a release alone whose traffic a person moved, until somebody rolls it back", async () => {
    const { stage } = desk;
    const id = await pushed("v1.8.0");
    const { candidate } = await stage.trail.first("candidate-deployed", id);
    await stage.trail.first("traffic-moved", id);
    const stable = stage.stable === null ? [] : [{ revision: stage.stable, percent: 60 }];
    await stage.humanSetsTraffic([...stable, { revision: candidate.revision, percent: 40 }]);
    await stage.ended(id, "release-held");
    await seen("v1.8.0", "Held", "held");
    await click("v1.8.0", "Roll back");
    await stage.trail.first("release-rolled-back", id);
  });

  it("tells of a release while it is deployed and verified without traffic, and that somebody cancelled it", async () => {
    const { stage, clock } = desk;
    clock.putForward(minute + 1_000); // of many releases in one minute the channel would get a digest
    const model = { name: "model", get: "/model-info", status: 200, within: "30s" };
    await desk.tagLike("v1.7.0", "v1.9.1", { verify: { within: "5m", checks: [model] } }); // hangs there
    stage.cloud.run.faults.set({ name: "traffic-lag", ms: 3_000 });
    const id = await pushed("v1.9.1");
    await stage.trail.first("build-succeeded", id);
    await seen("v1.9.1", "Deploying", "deploying");
    stage.cloud.run.faults.clear("traffic-lag");
    await stage.trail.first("candidate-deployed", id);
    await seen("v1.9.1", "Verifying", "verifying");
    await stage.command(`/releases/${id}/cancel`, { reason: "pushed by mistake" });
    await stage.ended(id, "release-cancelled");
    await seen("v1.9.1", "Cancelled", "cancelled");
    expect(await offers("v1.9.1")).to.deep.equal([]);
  });

  it("asks those who may approve, where everybody sees it", async () => {
    const approval = { required: true, from: ["@ml-oncall", "robin"] };
    await desk.tagLike("v2.0.0", "v2.0.1", { approval });
    id = await pushed("v2.0.1");
    await desk.stage.trail.first("approval-requested", id);
    await seen("v2.0.1", "Awaiting approval", "awaiting-approval");
    const broadcast = maya.locator("#messages article", { hasText: "replied to a thread" });
    await broadcast.filter({ hasText: "waits for 1 of @ml-oncall, @robin to approve" }).waitFor();
    expect(await offers("v2.0.1")).to.deep.equal(["Approve 20 %", "Reject"]);
  });

  it("refuses the one who pushed it, tells only them, and waits on", async () => {
    const robin = await pageOf("robin");
    await click("v2.0.1", /Approve/, robin);
    const refusal = robin.locator("article", { hasText: "Only visible to you" });
    await refusal.filter({ hasText: "may not approve it yourself" }).first().waitFor();
    await portrait("self-approval", refusal.first());
    expect(await maya.getByText("may not approve it yourself").count()).to.equal(0);
    const refused = await desk.stage.trail.first("decision-refused", id);
    expect(refused).to.deep.include({ code: "self-approval", wanted: "approve" });
    expect(refused.by).to.deep.include({ id: "U0ROBIN00", via: "slack" });
    expect(count(id, "approval-given")).to.equal(0);
    await robin.close();
  });

  it("refuses a guest and an account that is gone", async () => {
    for (const name of ["guest", "gone"]) {
      const page = await pageOf(name);
      await click("v2.0.1", /Approve/, page);
      await page.locator("article", { hasText: "Only visible to you" }).first().waitFor();
      await page.close();
    }
    expect(count(id, "decision-refused")).to.equal(3);
    expect(await offers("v2.0.1")).to.have.length(2);
  });

  it("takes a double click that Slack sends twice as one approval, and moves the first step once", async () => {
    const { stage } = desk;
    const other = await pageOf("maya");
    stage.cloud.slack.faults.set("sends-twice");
    await Promise.all([maya, other].map((page) => button("v2.0.1", /Approve/, page).click()));
    await maya.getByRole("dialog").waitFor();
    await portrait("confirm", maya);
    const [words] = await Promise.all([maya, other].map(sayYes));
    stage.cloud.slack.faults.clear("sends-twice");
    expect(words).to.equal("Give v2.0.1 20 % of traffic, then 100 %?");
    await stage.trail.first("traffic-moved", id);
    const root = await seen("v2.0.1", "Rolling out", "rolling-out");
    expect(await root.textContent()).to.contain("Approved by @maya");
    await rootOf("v2.0.1").getByRole("button", { name: "Pause" }).waitFor(); // they come back with the next edit
    expect(await offers("v2.0.1")).to.deep.equal(["Pause", "Promote to 100 %", "Roll back"]);
    expect([count(id, "approval-given"), count(id, "step-began")]).to.deep.equal([1, 1]);
    const { candidate } = await stage.trail.first("candidate-deployed", id);
    const answers = await stage.visitors.ask(40);
    expect(answers.some(({ revision }) => revision === candidate.revision)).to.equal(true);
    await other.close();
  });

  it("pauses, and promotes to live", async () => {
    const { stage, clock } = desk;
    await click("v2.0.1", "Pause");
    await stage.trail.first("rollout-paused", id);
    await seen("v2.0.1", "Paused", "paused");
    expect(await offers("v2.0.1")).to.contain("Resume");
    await desk.tagLike("v2.0.0", "v2.0.2");
    const waiting = await pushed("v2.0.2");
    const queued = await seen("v2.0.2", "Queued", "queued");
    expect(await queued.textContent()).to.contain("It begins when v2.0.1 has ended.");
    await stage.command(`/releases/${waiting}/cancel`, { reason: "" });
    await stage.trail.first("release-cancelled", waiting);
    await click("v2.0.1", /Promote/);
    await stage.trail.first("bake-began", id);
    await seen("v2.0.1", "Baking", "baking");
    clock.putForward(minute);
    await stage.ended(id, "release-live");
    await seen("v2.0.1", "Live", "live");
    expect(await offers("v2.0.1")).to.deep.equal(["Roll back"]);
    await seen("v1.0.0", "v2.0.1 is live since.", "was-live");
    const { candidate } = await stage.trail.first("candidate-deployed", id);
    const answers = await stage.visitors.ask(5);
    expect(new Set(answers.map(({ revision }) => revision))).to.deep.equal(new Set([candidate.revision]));
  });

  it("takes an unanswered approval as a no: the message loses its buttons, a late click is refused", async () => {
    const { stage, clock } = desk;
    const { slack } = stage.cloud;
    const approval = { required: true, from: ["@ml-oncall"], expires: "1m" };
    await desk.tagLike("v2.0.0", "v2.1.0", { approval });
    const id = await pushed("v2.1.0");
    await stage.trail.first("approval-requested", id);
    await seen("v2.1.0", "Awaiting approval");
    expect(await offers("v2.0.1"), "no way back while a newer one runs").to.deep.equal([]);
    slack.faults.set("down"); // so that the message still has its buttons after its time
    clock.putForward(minute + 1_000);
    const end = await stage.trail.until(
      ({ releaseId, type }) => releaseId === id && type === "release-rejected",
    );
    expect(end).to.have.property("type", "release-rejected");
    await click("v2.1.0", /Approve/);
    slack.faults.clear("down"); // who clicked is asked of Slack, so the click waits for it
    await stage.trail.first("decision-refused", id);
    await seen("v2.1.0", "Expired", "expired");
    await rootOf("v2.0.1").getByRole("button", { name: "Roll back" }).waitFor();
    expect(await offers("v2.1.0")).to.deep.equal([]);
    expect(count(id, "step-began")).to.equal(0);
  });

  it("asks for the reason of a rejection and tells it in the thread; the candidate never has traffic", async () => {
    const { stage } = desk;
    await desk.tagLike("v2.0.0", "v2.2.0");
    await desk.tagLike("v2.0.0", "v2.3.0");
    const older = await pushed("v2.2.0");
    const id = await pushed("v2.3.0");
    await stage.ended(older, "release-superseded");
    const superseded = await seen("v2.2.0", "Superseded", "superseded");
    const newer = superseded.getByRole("link", { name: "v2.3.0" });
    expect(await newer.getAttribute("href")).to.match(new RegExp(`/releases/${id}$`));
    await stage.trail.first("approval-requested", id);
    await seen("v2.3.0", "Awaiting approval");
    expect(await click("v2.3.0", "Reject")).to.contain("You are asked for the reason next.");
    const modal = maya.getByRole("dialog", { name: /Reject v2.3.0/ });
    await modal.getByRole("textbox").fill("the edges of hair look cut off");
    await portrait("reject-reason", maya);
    await modal.getByRole("button", { name: "Reject" }).click();
    await stage.ended(id, "release-rejected");
    await seen("v2.3.0", "Rejected", "rejected");
    expect(await offers("v2.3.0")).to.deep.equal([]);
    expect(await threadOf("v2.3.0")).to.contain("the edges of hair look cut off");
    const { candidate } = await stage.trail.first("candidate-deployed", id);
    expect(stage.requestsOf(candidate.revision).filter(({ tag }) => tag === null)).to.have.length(0);
  });

  it("was looked at in every status that there is", () => {
    expect(releaseStatuses.filter((status) => !portrayed.has(status))).to.deep.equal([]);
  });
});
