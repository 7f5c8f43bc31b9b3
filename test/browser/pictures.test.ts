import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { releaseStatuses } from "../../shared/domain/words.ts";
import { picturePath } from "./portrait.ts";

const page = readFileSync(fileURLToPath(new URL("../../docs/how-to/slack.md", import.meta.url)), "utf8");

describe("The pictures of the message in Slack", () => {
  it("are there for every status of a release", () => {
    expect(releaseStatuses.filter((status) => !existsSync(picturePath(status)))).to.deep.equal([]);
  });

  it("are shown in the how-to, each of them", () => {
    const pictures = readdirSync(dirname(picturePath("any"))).filter((name) => name.startsWith("slack-"));
    expect(pictures.filter((name) => !page.includes(`(../images/${name})`))).to.deep.equal([]);
  });
});
