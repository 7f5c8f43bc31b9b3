import { expect } from "chai";
import { RunningWork } from "./running-work.ts";

const piece = { id: "r-1/move-traffic/0", service: "p/r/api" };

describe("RunningWork", () => {
  it("tells every run of the same work to stop, and not one that has ended", () => {
    const running = new RunningWork();
    const [first, second] = [running.begin(piece), running.begin(piece)];
    expect(running.count).to.equal(2);
    running.end(first);
    running.keepOnly({ service: piece.service, owed: new Set() });
    expect([first.signal.aborted, second.signal.aborted]).to.deep.equal([false, true]);
    const third = running.begin(piece);
    running.keepOnly({ service: piece.service, owed: new Set([piece.id]) });
    running.keepOnly({ service: "p/r/other", owed: new Set() });
    expect(third.signal.aborted).to.equal(false);
    running.stopAll();
    expect([first.signal.aborted, third.signal.aborted]).to.deep.equal([false, true]);
  });

  it("goes on telling the later run of the same work when the earlier one ends", () => {
    const running = new RunningWork();
    const [earlier, later] = [running.begin(piece), running.begin(piece)];
    running.end(earlier);
    expect(running.count).to.equal(1);
    running.stopAll();
    expect(later.signal.aborted).to.equal(true);
    running.end(later);
    expect(running.count).to.equal(0);
  });
});
