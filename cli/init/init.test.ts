import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parseGantryYaml } from "../../shared/config/gantry-yaml.ts";
import { parsePolicy } from "../../shared/config/policy-yaml.ts";
import { inFolder, runCli } from "../../test/support/cli-harness.ts";
import { repositoryOf } from "./surroundings.ts";

const given = ["--project", "acme-prod", "--service", "api"];

/** A git repository with a remote on GitHub and a Dockerfile in a folder. */
async function inRepository(use: (folder: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const git = (...words: string[]) => execFileSync("git", words, { cwd: folder, stdio: "pipe" });
    git("init", "-q");
    git("remote", "add", "origin", "git@github.com:acme/API.Server.git");
    git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk");
    mkdirSync(join(folder, "backend/api"), { recursive: true });
    writeFileSync(join(folder, "backend/api/Dockerfile"), "FROM scratch\n");
    await use(folder);
  });
}

function read(folder: string) {
  const text = (file: string) => ({ file, text: readFileSync(join(folder, file), "utf8") });
  const config = parseGantryYaml(text("gantry.yaml"));
  const policy = parsePolicy(text("gantry.policy.yaml"));
  if (!config.ok || !policy.ok) throw new Error(JSON.stringify([config, policy]));
  return { config: config.value, policy: policy.value };
}

describe("gantry init", () => {
  it("writes two files that read without a problem, from the flags, git and the folder", async () => {
    await inRepository(async (folder) => {
      const { exitCode, stdout, stderr } = await runCli(["init", "--yes", ...given], { cwd: folder });
      expect(exitCode, stderr).to.equal(0);
      expect(stdout).to.equal(
        `wrote ${join(folder, "gantry.yaml")}\nwrote ${join(folder, "gantry.policy.yaml")}\n`,
      );
      expect(stderr).to.include("git tag v0.1.0");
      const { config, policy } = read(folder);
      expect(config.service).to.deep.equal({ project: "acme-prod", region: "us-central1", name: "api" });
      expect(config.source).to.deep.equal({
        repository: "acme/API.Server",
        tags: "v*.*.*",
        directory: "backend/api",
      });
      expect(config.verify.checks).to.have.length(1);
      expect(config.approval.required).to.equal(false);
      expect(policy.repositories).to.deep.equal([
        {
          repository: "acme/API.Server",
          services: ["acme-prod/us-central1/api"],
          branches: ["trunk"],
          accounts: [],
        },
      ]);
    });
  });

  it("asks for each thing, offers what it found, and asks again where the answer is none", async () => {
    await inRepository(async (folder) => {
      const asked: string[] = [];
      const answers = [
        "acme-prod",
        "Europe",
        "europe-west1",
        "api",
        "",
        "",
        "",
        "-",
        "U024BE7LH,U0G9QF9C6",
        "#deploys",
      ];
      const ask = async (question: string) => {
        asked.push(question);
        return answers[asked.length - 1] ?? "";
      };
      const { exitCode, stderr } = await runCli(["init"], { cwd: folder, ask });
      expect(exitCode, stderr).to.equal(0);
      expect(asked[1]).to.equal("Region [us-central1]: ");
      expect(asked[2]).to.equal(asked[1]);
      expect(asked[4]).to.equal("Repository on GitHub, owner/name or its address [acme/API.Server]: ");
      expect(stderr).to.include("It must be a region like `us-central1`.");
      const { config, policy } = read(folder);
      expect(config.verify.checks).to.deep.equal([]);
      expect(config.approval).to.deep.include({
        required: true,
        from: ["@approvers"],
        authorMayApprove: false,
      });
      expect(config.notify.slack).to.equal("#deploys");
      expect(policy.approvers).to.deep.equal({ "@approvers": ["U024BE7LH", "U0G9QF9C6"] });
    });
  });

  it("overwrites nothing, and writes neither file when one is there", async () => {
    await inRepository(async (folder) => {
      writeFileSync(join(folder, "gantry.policy.yaml"), "mine\n");
      const refused = await runCli(["init", "--yes", ...given], { cwd: folder });
      expect(refused.exitCode).to.equal(64);
      expect(refused.stderr).to.include("(files-exist)").and.include("gantry init --force");
      expect(existsSync(join(folder, "gantry.yaml"))).to.equal(false);
      expect(readFileSync(join(folder, "gantry.policy.yaml"), "utf8")).to.equal("mine\n");
      expect((await runCli(["init", "--yes", "--force", ...given], { cwd: folder })).exitCode).to.equal(0);
      expect(read(folder).policy.repositories).to.have.length(1);
    });
  });

  it("says which flag is missing where nobody can be asked, and writes nothing", async () => {
    await inFolder(async (folder) => {
      const { exitCode, stderr } = await runCli(["init", ...given], { cwd: folder });
      expect(exitCode).to.equal(64);
      expect(stderr).to.include("--repository is missing").and.include("gantry init --repository VALUE");
      const all = await runCli(["init", "--yes"], { cwd: folder });
      expect(all.stderr).to.include("--project, --service, --repository are missing");
      expect(all.stderr).to.include("gantry init --project VALUE --service VALUE --repository VALUE");
      expect(existsSync(join(folder, "gantry.yaml"))).to.equal(false);
    });
  });

  it("takes no flag that Gantry would refuse later", async () => {
    await inFolder(async (folder) => {
      const argv = ["init", "--json", ...given, "--repository", "acme/api", "--slack", "de ploys"];
      const { exitCode, stderr } = await runCli(argv, { cwd: folder });
      expect(exitCode).to.equal(64);
      expect(JSON.parse(stderr).error.message).to.equal('"de ploys" is no --slack');
    });
  });

  it("takes the address of a repository, and says what an empty folder lacks", async () => {
    await inFolder(async (folder) => {
      const address = "https://github.com/acme/api.git";
      const argv = ["init", "--yes", ...given, "--repository", address];
      const { exitCode, stderr } = await runCli(argv, { cwd: folder });
      expect(exitCode, stderr).to.equal(0);
      expect(read(folder).config.source.repository).to.equal("acme/api");
      expect(stderr).to.include("There is no Dockerfile here").and.include("in no git repository");
      expect(stderr).to.include(`git remote add origin ${address}`);
    });
  });

  it("can write gantry.yaml alone, as where somebody else operates Gantry", async () => {
    await inFolder(async (folder) => {
      const argv = ["init", "--json", ...given, "--repository", "acme/api", "--policy", "-"];
      const { stdout } = await runCli(argv, { cwd: folder });
      expect(JSON.parse(stdout).files).to.deep.equal([join(folder, "gantry.yaml")]);
      expect(existsSync(join(folder, "gantry.policy.yaml"))).to.equal(false);
    });
  });

  const remotes = [
    ["git@github.com:acme/api.git", "acme/api"],
    ["https://github.com/acme/api", "acme/api"],
    ["https://x-access-token:t@github.com/acme/api.git", "acme/api"],
    ["ssh://git@github.example.com:2222/acme/api.git", "acme/api"],
    ["/srv/git/api.git", null],
  ] as const;
  for (const [remote, repository] of remotes) {
    it(`reads ${remote} as ${repository ?? "no repository on GitHub"}`, () => {
      expect(repositoryOf(remote)).to.equal(repository);
    });
  }
});
