import { expect } from "chai";
import { messageFacts } from "../../test/support/message-facts.ts";
import { offersIn } from "./chat-offers.ts";
import { rootMessage } from "./release-message.ts";

describe("what a message offers", () => {
  it("is each button that changes something, and not the way to the console", () => {
    const { blocks } = rootMessage(messageFacts({ status: "rolling-out", percent: 10 }));
    expect(offersIn(blocks)).to.deep.equal(["gantry.pause", "gantry.promote", "gantry.rollback"]);
  });

  it("is nothing where a release is over", () => {
    expect(offersIn(rootMessage(messageFacts({ status: "failed" })).blocks)).to.deep.equal([]);
  });

  it("is nothing of another's buttons", () => {
    expect(
      offersIn([{ type: "actions", elements: [{ type: "button", action_id: "other" }, "text", null] }]),
    ).to.deep.equal([]);
  });
});
