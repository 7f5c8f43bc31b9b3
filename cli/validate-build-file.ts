import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { buildByHandFindings } from "../shared/config/build-by-hand.ts";
import type { BuildFinding } from "../shared/config/build-finding.ts";
import { gantrySubstitutions } from "../shared/config/build-substitutions.ts";
import { parseCloudBuildFile } from "../shared/config/cloud-build-file.ts";
import type { ReleaseConfig } from "../shared/domain/release-config.ts";
import {
  advisedFinding,
  bySeverity,
  findingAt,
  type NamedText,
  namedText,
  plainFinding,
  type Validation,
} from "./validation-finding.ts";

const usualBuildFiles = ["cloudbuild-nocache.yaml", "cloudbuild.yaml"];

type Building = Readonly<{ cwd: string; named: NamedText; config: ReleaseConfig }>;

/** The Cloud Build file that `build.config` names; one that only stands beside is looked at, but stops nothing. */
export async function ofGantryYaml({ cwd, named, config }: Building): Promise<Validation> {
  const folder = join(dirname(named.file), config.source.directory);
  const { config: name } = config.build;
  if (name !== null) return namedBuild({ cwd, named, config }, join(folder, name));
  const beside = usualBuildFiles.map((one) => join(folder, one)).find((one) => existsSync(resolve(cwd, one)));
  if (beside === undefined) return { files: [], problems: [], warnings: [], notes: [] };
  const findings = buildFindings(await namedText(cwd, beside), config);
  const message = `is not named by build.config, so Gantry builds with its own file and not with this one`;
  const notUsed = plainFinding({ file: beside, line: 1, column: 1, path: "", message });
  return { files: [], problems: [], warnings: [], notes: [notUsed, ...findings.map(advisedFinding)] };
}

async function namedBuild({ cwd, named, config }: Building, path: string): Promise<Validation> {
  if (!existsSync(resolve(cwd, path))) {
    const missing = findingAt(named, "build.config", `there is no file ${path}`);
    return { files: [], problems: [missing], warnings: [], notes: [] };
  }
  const { problems, warnings } = bySeverity(buildFindings(await namedText(cwd, path), config));
  return { files: [path], problems, warnings: [], notes: warnings };
}

/**
 * A Cloud Build file that somebody names: what Gantry asks of it, and what its steps do when it is submitted by hand.
 * `config` is the gantry.yaml that releases it; null = none is known.
 */
export function ofBuildFile(named: NamedText, config: ReleaseConfig | null): Validation {
  const found = bySeverity([...buildFindings(named, config), ...buildByHandFindings(named)]);
  return { files: [named.file], ...found, notes: [] };
}

/** Judged with the substitutions of an imagined release; their values do not matter, their names do. */
export function buildFindings(file: NamedText, config: ReleaseConfig | null): readonly BuildFinding[] {
  const service = config?.service ?? { project: "project-id", region: "us-central1", name: "service" };
  const available = gantrySubstitutions({
    service,
    imageRepository: config?.build.repository ?? null,
    repository: config?.source.repository ?? "owner/name",
    directory: config?.source.directory ?? "",
    tag: "v0.0.0",
    commit: "0".repeat(40),
    release: "r-00000000",
  });
  const substitutions = config?.build.substitutions ?? {};
  const parsed = parseCloudBuildFile({ ...file, available, substitutions, project: service.project });
  return parsed.ok ? parsed.warnings : parsed.findings;
}
