import { expect } from "chai";
import { carryOn, given } from "../../test/support/decider-spec.ts";
import { candidate, monday, person, plan, releaseBasics } from "../../test/support/fixtures.ts";
import {
  approver,
  first,
  minute,
  recordAfter,
  say,
  second,
  stable,
  upTo,
} from "../../test/support/release-story.ts";
import type { Command, RefusalCode } from "./commands.ts";
import type { ApprovalConfig } from "./release-config.ts";
import type { Actor, ReleaseBasics } from "./service-state.ts";

const approval: ApprovalConfig = {
  required: true,
  from: ["@ml-oncall"],
  count: 1,
  authorMayApprove: false,
  expiresMs: 60 * minute,
};
const lee: Actor = { kind: "person", name: "lee" };

function releaseAsking(changes: Partial<ApprovalConfig> = {}): ReleaseBasics {
  return releaseBasics({ plan: plan({ approval: { ...approval, ...changes } }) });
}

/** A release that waits for approval. */
function asked(changes: Partial<ApprovalConfig> = {}, ...then: readonly Command[]) {
  return given(...upTo("verifying", releaseAsking(changes)), say.gate(), ...then);
}

describe("decide: who may approve what, and when", () => {
  const at = monday;
  const over = monday + approval.expiresMs;
  const stranger = ["maya", "@web-oncall"];
  const members = ["maya", "@ml-oncall"];
  const unasked = (group: string, groups: readonly string[] = []): Command =>
    Object.assign({}, say.approve(approver, { at }, groups), { unasked: [group] });
  type Row = readonly [string, Partial<ApprovalConfig>, ReturnType<typeof say.approve>, RefusalCode | null];
  const rows: readonly Row[] = [
    ["a member of the group", {}, say.approve(approver, { at }, members), null],
    ["somebody who is named", { from: ["maya"] }, say.approve(approver, { at }, ["maya"]), null],
    ["anybody where nobody is named", { from: [] }, say.approve(approver, { at }, []), null],
    ["somebody of another group", {}, say.approve(approver, { at }, stranger), "not-an-approver"],
    ["somebody of no group", {}, say.approve(approver, { at }, []), "not-an-approver"],
    ["somebody whose group cannot be asked for", {}, unasked("@ml-oncall"), "group-not-askable"],
    ["somebody of another group that cannot be asked for", {}, unasked("@web-oncall"), "not-an-approver"],
    ["somebody of a group, while another cannot be asked for", {}, unasked("@leads", ["@ml-oncall"]), null],
    ["the author", {}, say.approve(person, { at }), "self-approval"],
    ["the author in capitals", {}, say.approve({ ...person, name: "ADA" }, { at }), "self-approval"],
    ["the author where nobody is named", { from: [] }, say.approve(person, { at }, []), "self-approval"],
    ["the author where the plan lets them", { authorMayApprove: true }, say.approve(person, { at }), null],
    [
      "an author of no group, let or not",
      { authorMayApprove: true },
      say.approve(person, { at }, []),
      "not-an-approver",
    ],
    ["a member in the last moment", {}, say.approve(approver, { at: over - 1 }), null],
    ["a member when the time is over", {}, say.approve(approver, { at: over }), "approval-expired"],
    ["a member, long after", {}, say.approve(approver, { at: over + 60 * minute }), "approval-expired"],
    [
      "a member who saw another request",
      {},
      say.approve(approver, { at }, members, "approval-0"),
      "approval-void",
    ],
    ["a member who saw none", {}, say.approve(approver, { at }, members, null), "approval-void"],
    ["a member with an empty id", {}, say.approve(approver, { at }, members, ""), "approval-void"],
  ];
  for (const [who, changes, command, code] of rows)
    it(`${code === null ? "takes" : `refuses as ${code}`} the approval of ${who}`, () => {
      const then = asked(changes).when(command);
      if (code === null) then.happens("approval-given", "step-began");
      else then.isRefused(code);
    });

  const rejections: readonly (readonly [string, ReturnType<typeof say.reject>, RefusalCode | null])[] = [
    ["a member of the group", say.reject(approver, { at }), null],
    ["the author of the group", say.reject(person, { at }), null],
    ["somebody of no group", say.reject(approver, { at }, "", "approval-1", []), "not-an-approver"],
    ["a member when the time is over", say.reject(approver, { at: over }), "approval-expired"],
    ["a member who saw another request", say.reject(approver, { at }, "", "approval-0"), "approval-void"],
    ["a member who saw none", say.reject(approver, { at }, "", null), "approval-void"],
  ];
  for (const [who, command, code] of rejections)
    it(`${code === null ? "takes" : `refuses as ${code}`} the rejection of ${who}`, () => {
      const then = asked().when(command);
      if (code === null) then.happens("release-rejected");
      else then.isRefused(code);
    });

  it("says what to send when nothing says which request was seen", () => {
    expect(
      asked()
        .when(say.approve(approver, {}, members, null))
        .isRefused("approval-void"),
    ).to.match(/send `approvalId`, which is `approval\.id` of v1\.0\.0/);
  });

  it("binds the request to the image and the plan that the gate passed", () => {
    const { events } = given(...upTo("verifying", releaseAsking())).when(say.gate());
    expect(events[1]).to.include({
      type: "approval-requested",
      approvalId: "approval-1",
      digest: candidate().image.digest,
      configHash: first.configHash,
      expiresAt: monday + approval.expiresMs,
    });
  });

  it("does not let a decision about one release count for the next", () => {
    const next: ReleaseBasics = { ...second, plan: releaseAsking().plan };
    const of = { id: second.id };
    const other = given(
      ...upTo("verifying", releaseAsking()),
      say.gate(),
      say.cancel(),
      ...upTo("verifying", next),
      say.gate("pass", of, "approval-2"),
    );
    other.when(say.approve(approver)).isRefused("no-approval-awaited");
    other.when(say.approve(approver, of)).isRefused("approval-void");
    other.when(say.approve(approver, of, members, "approval-2")).happens("approval-given", "step-began");
  });
});

describe("decide: how many approve, and who is first", () => {
  it("waits until as many different people approved as the plan asks for", () => {
    const once = asked({ count: 2 }, say.approve());
    expect(once.state.active).to.deep.include({ status: "awaiting-approval", approvedBy: [approver] });
    once.when(say.approve()).changesNothing();
    once.when(say.approve({ ...approver, name: "Maya" })).changesNothing();
    once.when(say.approve(lee)).happens("approval-given", "step-began");
  });

  it("refuses a rejection by name after another approval was enough", () => {
    asked({}, say.approve())
      .when(say.reject(lee, { at: monday + 1 }))
      .isRefused("no-approval-awaited");
    asked({}, say.reject())
      .when(say.approve(lee, { at: monday + 1 }))
      .isRefused("no-approval-awaited");
  });

  it("lets a rejection end what has one of two approvals", () => {
    asked({ count: 2 }, say.approve()).when(say.reject(lee)).happens("release-rejected");
  });

  it("counts the rejection where an approval came at the same moment, whichever was written down first", () => {
    const then = asked({}, say.approve()).when(say.reject(lee, {}, "not now"));
    expect(then.happens("rollback-began").active).to.include({ status: "rolling-back", target: stable });
    expect(then.events[0]).to.deep.include({
      failure: { code: "rejected-by-person", message: "lee rejected v1.0.0: not now." },
      by: lee,
    });
    asked({}, say.reject(lee)).when(say.approve()).isRefused("no-approval-awaited");
  });

  it("counts only a rejection of that request, by somebody who may, on a tie", () => {
    const tied = asked({}, say.approve());
    tied.when(say.reject(lee, {}, "", "approval-0")).isRefused("approval-void");
    tied.when(say.reject(lee, {}, "", null)).isRefused("approval-void");
    tied.when(say.reject(lee, {}, "", "approval-1", [])).isRefused("not-an-approver");
    carryOn(tied.state, say.moved(0), say.watched(0, 0, { at: monday + minute }))
      .when(say.reject(lee))
      .happens("rollback-began");
    given(...upTo("rolling-out"))
      .when(say.reject(lee))
      .isRefused("no-approval-awaited");
  });
});

describe("decide: while approval is awaited", () => {
  it("fails the release when the candidate goes bad, whatever people decide afterwards", () => {
    const then = asked({ count: 2 }, say.approve()).when(say.failWaiting());
    const state = then.happens("watch-failed", "release-failed");
    expect(then.events[1]).to.have.nested.property(
      "failure.message",
      "The candidate went bad while it waited for approval: health: 500 (200).",
    );
    expect(state.active).to.equal(null);
    expect(state.leftovers[0]).to.include({ releaseId: first.id, candidate: true, ended: "failed" });
    expect(state.quarantine).to.deep.equal([]);
    carryOn(state).when(say.approve(lee)).isRefused("no-approval-awaited");
    carryOn(state).when(say.failWaiting()).changesNothing();
  });

  it("does not fail what was approved meanwhile: its watch under traffic is its judge", () => {
    asked({}, say.approve()).when(say.failWaiting()).changesNothing();
    given(...upTo("verifying"))
      .when(say.failWaiting())
      .changesNothing();
  });

  it("ends by itself when the time is over, and not before", () => {
    asked()
      .when(say.expire({ at: monday + approval.expiresMs - 1 }))
      .changesNothing();
    const then = asked({ count: 2 }, say.approve()).when(say.expire({ at: monday + approval.expiresMs }));
    then.happens("release-rejected");
    expect(then.events[0]).to.have.nested.property("failure.code", "approval-expired");
    asked({}, say.approve())
      .when(say.expire({ at: monday + approval.expiresMs }))
      .changesNothing();
  });

  it("puts a refused decision into the story, and changes nothing else", () => {
    for (const { state } of [asked(), given(...upTo("baking")), given()]) {
      const note: Command = {
        type: "note-refusal",
        at: monday + 1,
        releaseId: first.id,
        by: lee,
        wanted: "approve",
        code: "not-an-approver",
      };
      const then = carryOn(state).when(note);
      expect(then.happens("decision-refused")).to.deep.equal(state);
      expect(then.events[0]).to.deep.include({ by: lee, wanted: "approve", code: "not-an-approver" });
    }
  });

  it("shows the request in the record as long as it is awaited", () => {
    const basics = releaseAsking();
    const record = (...commands: readonly Command[]) => recordAfter(basics, commands);
    const waiting = [...upTo("verifying", basics), say.gate()];
    const request = { id: "approval-1", expiresAt: monday + approval.expiresMs };
    expect(record(...waiting).approval).to.deep.equal(request);
    for (const [end, status] of [
      [say.approve(), "rolling-out"],
      [say.reject(), "rejected"],
      [say.failWaiting(), "failed"],
      [say.cancel(), "cancelled"],
    ] as const)
      expect(record(...waiting, end)).to.include({ status, approval: null });
  });
});
