import { expect } from "chai";
import { parse } from "yaml";
import { runCli } from "../../test/support/cli-harness.ts";

const scopes = [
  "chat:write",
  "chat:write.public",
  "commands",
  "users:read",
  "usergroups:read",
  "channels:read",
  "channels:history",
];
const hook = "https://gantry.example.com/hooks/slack";

describe("gantry slack manifest", () => {
  it("prints YAML that asks for the least scopes and names the hook twice", async () => {
    const { exitCode, stdout } = await runCli(["slack", "manifest", "--url", "https://gantry.example.com/"]);
    expect(exitCode).to.equal(0);
    const manifest = parse(stdout);
    expect(manifest.oauth_config.scopes).to.deep.equal({ bot: scopes });
    expect(manifest.settings).to.deep.include({
      interactivity: { is_enabled: true, request_url: hook },
      socket_mode_enabled: false,
    });
    expect(manifest.features.slash_commands).to.have.length(1);
    expect(manifest.features.slash_commands[0]).to.deep.include({ command: "/gantry", url: hook });
    expect(manifest.display_information.description).to.have.length.at.most(140);
  });

  it("gives every scope a reason", async () => {
    const { stdout } = await runCli(["slack", "manifest", "--url", "https://gantry.example.com"]);
    for (const scope of scopes) expect(stdout).to.match(new RegExp(`- ${scope} # \\S`));
  });

  it("links to Slack's page for a new app with the same manifest", async () => {
    const { stdout } = await runCli(["slack", "manifest", "--url", "https://gantry.example.com", "--json"]);
    const { link, manifest } = JSON.parse(stdout);
    const { origin, pathname, searchParams } = new URL(link);
    expect(origin + pathname).to.equal("https://api.slack.com/apps");
    expect(searchParams.get("new_app")).to.equal("1");
    expect(parse(searchParams.get("manifest_yaml") ?? "")).to.deep.equal(manifest);
  });

  it("keeps a path below which Gantry answers", async () => {
    const { stdout } = await runCli(["slack", "manifest", "--url", "https://example.com/gantry/", "--json"]);
    expect(JSON.parse(stdout).manifest.settings.interactivity.request_url).to.equal(
      "https://example.com/gantry/hooks/slack",
    );
  });

  const refused = [
    "http://localhost:8420",
    "gantry.example.com",
    "https://u:p@x.example",
    "https://x.example/?a=1",
    "",
  ];
  for (const url of refused) {
    it(`refuses ${JSON.stringify(url)}, which Slack could not call`, async () => {
      const { exitCode, stdout, stderr } = await runCli(["slack", "manifest", "--url", url]);
      expect(exitCode).to.equal(64);
      expect(stdout).to.equal("");
      expect(stderr).to.include("Slack calls https alone");
    });
  }
});
