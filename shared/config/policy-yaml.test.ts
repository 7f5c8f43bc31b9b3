import { expect } from "chai";
import { parsePolicy } from "./policy-yaml.ts";
import { formatProblem } from "./problem.ts";

function problemsOf(text: string): string[] {
  const parsed = parsePolicy({ text, file: "gantry.policy.yaml" });
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
}

describe("gantry.policy.yaml", () => {
  it("reads repositories, approvers, limits and freezes", () => {
    const text = `version: 1
repositories:
  - { repository: "acme/*", services: ["acme-prod/us-central1/*", "acme-dev/*/*"], branches: [main], accounts: ["*@acme-prod.iam.gserviceaccount.com"] }
  - { repository: perkie/background-removal, services: ["**"] }
approvers: { "@ml-oncall": [U024BE7LH, U1] }
people: { robin: { github: [robin-gh], slack: [U0ROBIN], google: [robin@example.com] }, lee: {} }
access: { viewers: ["*@example.com"], operators: [robin, ci@acme.iam.gserviceaccount.com] }
limits: { maxFirstStep: 25%, minHold: 5m, minBake: 30m, maxErrors: 2%, requireApproval: ["acme-prod/**"], minApprovals: 2, authorMayApprove: false, requireChecks: true, requireRollback: true }
freezes:
  - { name: weekend, zone: Europe/Paris, days: [sat, sun], services: ["acme-prod/*/*"] }
  - { name: friday evening, zone: Europe/Paris, days: fri, hours: "16:00..23:00" }
  - { name: sale, zone: UTC, from: 2026-11-27, to: 2026-11-30 }
  - { name: migration, zone: UTC, from: 2026-12-01T08:00, to: 2026-12-01T10:30 }
images: ["us-docker.pkg.dev/acme-images/**"]
prices:
  - { sku: gpu-nvidia-l4, region: us-central1, usd: 0.0002, date: 2026-11-01, source: contract 7 }
`;
    const parsed = parsePolicy({ text, file: "gantry.policy.yaml" });
    expect(problemsOf(text)).to.deep.equal([]);
    expect(parsed.ok && parsed.value).to.deep.equal({
      repositories: [
        {
          repository: "acme/*",
          services: ["acme-prod/us-central1/*", "acme-dev/*/*"],
          branches: ["main"],
          accounts: ["*@acme-prod.iam.gserviceaccount.com"],
        },
        { repository: "perkie/background-removal", services: ["**"], branches: null, accounts: [] },
      ],
      approvers: { "@ml-oncall": ["U024BE7LH", "U1"] },
      people: {
        robin: { github: ["robin-gh"], slack: ["U0ROBIN"], google: ["robin@example.com"] },
        lee: { github: [], slack: [], google: [] },
      },
      access: { viewers: ["*@example.com"], operators: ["robin", "ci@acme.iam.gserviceaccount.com"] },
      limits: {
        maxFirstStepPercent: 25,
        minHoldMs: 300_000,
        minBakeMs: 1_800_000,
        maxErrorShare: 0.02,
        requireApproval: ["acme-prod/**"],
        minApprovals: 2,
        authorMayApprove: false,
        requireChecks: true,
        requireRollback: true,
      },
      images: ["us-docker.pkg.dev/acme-images/**"],
      freezes: [
        {
          kind: "weekly",
          name: "weekend",
          zone: "Europe/Paris",
          services: ["acme-prod/*/*"],
          days: ["sat", "sun"],
          hours: null,
        },
        {
          kind: "weekly",
          name: "friday evening",
          zone: "Europe/Paris",
          services: ["**"],
          days: ["fri"],
          hours: { from: "16:00", to: "23:00" },
        },
        {
          kind: "once",
          name: "sale",
          zone: "UTC",
          services: ["**"],
          from: "2026-11-27T00:00",
          to: "2026-12-01T00:00",
        },
        {
          kind: "once",
          name: "migration",
          zone: "UTC",
          services: ["**"],
          from: "2026-12-01T08:00",
          to: "2026-12-01T10:30",
        },
      ],
      prices: [
        {
          sku: "gpu-nvidia-l4",
          region: "us-central1",
          usd: 0.0002,
          date: "2026-11-01",
          source: "contract 7",
        },
      ],
    });
  });

  it("limits nothing and freezes nothing unless the operator says so", () => {
    const parsed = parsePolicy({ text: "repositories: []", file: "gantry.policy.yaml" });
    expect(parsed.ok && parsed.value).to.deep.equal({
      repositories: [],
      approvers: {},
      people: {},
      access: { viewers: [], operators: [] },
      limits: {
        maxFirstStepPercent: null,
        minHoldMs: null,
        minBakeMs: null,
        maxErrorShare: null,
        requireApproval: [],
        minApprovals: null,
        authorMayApprove: true,
        requireChecks: false,
        requireRollback: false,
      },
      freezes: [],
      images: null,
      prices: [],
    });
  });

  it("names every problem at once, in the order of the file", () => {
    const text = `repository: []
approvers: { ml: [U1], "@empty": [] }
limits: { maxFirstStep: 0%, minHold: 5, authorMayApprove: "no" }
freezes:
  - { name: a, zone: Paris, days: fri, from: 2026-11-27 }
  - { name: a, zone: UTC, from: 2026-02-30, to: 2026-02-28 }
  - { name: c, zone: UTC, from: 2026-02-20, to: 2026-02-18 }
  - { name: d, zone: UTC, hours: "09:00..10:00" }
prices: [{ sku: cpu, region: moon, usd: -1, date: today }]
`;
    const file = "gantry.policy.yaml";
    expect(problemsOf(text)).to.deep.equal([
      `${file}:1:1 repositories: is missing`,
      `${file}:1:1 repository: unknown key; did you mean \`repositories\`?`,
      `${file}:2:14 approvers.ml: must be a group like \`@ml-oncall\``,
      `${file}:2:34 approvers.@empty: must hold at least 1 entry`,
      `${file}:3:25 limits.maxFirstStep: must be a whole percentage from 1% to 100%`,
      `${file}:3:38 limits.minHold: the number 5 has no unit: write its unit, like \`5s\`, \`5m\` or \`5h\``,
      `${file}:3:59 limits.authorMayApprove: must be true or false, not \`no\``,
      `${file}:5:5 freezes[0]: needs either \`days\`, with or without \`hours\`, or \`from\` and \`to\``,
      `${file}:5:22 freezes[0].zone: \`Paris\` is no time zone of the IANA database, like \`Europe/Paris\` or \`UTC\``,
      `${file}:6:13 freezes[1].name: \`a\` is the name of \`freezes[0]\` already`,
      `${file}:6:33 freezes[1].from: is no day of the calendar`,
      `${file}:7:49 freezes[2].to: must lie after \`from\``,
      `${file}:8:5 freezes[3]: needs either \`days\`, with or without \`hours\`, or \`from\` and \`to\``,
      `${file}:9:17 prices[0].sku: must be one of cpu-instance, memory-instance, cpu-request, memory-request, cpu-idle, memory-idle, requests, or a GPU: \`gpu-nvidia-l4\` without, \`gpu-nvidia-l4-zonal\` with zonal redundancy`,
      `${file}:9:30 prices[0].region: must be a region like \`us-central1\``,
      `${file}:9:41 prices[0].usd: must be at least 0`,
      `${file}:9:51 prices[0].date: must be a date like \`2026-11-01\``,
    ]);
  });
});
