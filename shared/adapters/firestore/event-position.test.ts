import { expect } from "chai";
import { began, monday, requested, serviceKey } from "../../../test/support/fixtures.ts";
import { byPosition, eventsOf, millisAt, positionAt } from "./event-position.ts";
import { packed } from "./packed-json.ts";

const second = monday / 1000;

describe("the position of an event on Firestore", () => {
  it("rises with the microsecond of the commit, and within it with the event", () => {
    const places = [
      positionAt({ seconds: second, nanos: 0 }, 0),
      positionAt({ seconds: second, nanos: 0 }, 15),
      positionAt({ seconds: second, nanos: 1_000 }, 0),
      positionAt({ seconds: second, nanos: 999_999_000 }, 15),
      positionAt({ seconds: second + 1, nanos: 0 }, 0),
    ];
    expect(places).to.deep.equal([...new Set(places)].sort((a, b) => a - b));
  });

  it("is a whole number that JavaScript holds until November 2042", () => {
    const seconds = Date.UTC(2042, 9, 31) / 1000;
    const place = positionAt({ seconds, nanos: 123_456_000 }, 7);
    expect(Number.isSafeInteger(place)).to.equal(true);
    expect(Number.isSafeInteger(positionAt({ seconds: Date.UTC(2043, 0, 1) / 1000, nanos: 0 }, 0))).to.equal(
      false,
    );
  });

  it("tells the millisecond of its commit", () => {
    expect(millisAt(positionAt({ seconds: second, nanos: 123_456_000 }, 3))).to.equal(monday + 123);
  });

  it("goes with the sequence, event by event", () => {
    const body = packed({ events: [requested(), began()], messages: [] }, "a commit");
    const at = { seconds: second, nanos: 5_000 };
    const fields = { service: serviceKey(), firstSequence: 4, body };
    const events = eventsOf({ path: "commits/1", fields, createdAt: at, updatedAt: at });
    expect(events.map(({ sequence, event }) => [sequence, event.type])).to.deep.equal([
      [4, "release-requested"],
      [5, "release-began"],
    ]);
    expect([...events].reverse().sort(byPosition)).to.deep.equal(events);
  });
});
