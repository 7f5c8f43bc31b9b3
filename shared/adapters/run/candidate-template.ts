import type { protos } from "@google-cloud/run";
import type { ReleaseId, RevisionName } from "../../domain/ids.ts";
import type { RuntimeConfig } from "../../domain/release-config.ts";
import type { IRevision, IService } from "./service-snapshot.ts";

export type ITemplate = protos.google.cloud.run.v2.IRevisionTemplate;
export type IContainer = protos.google.cloud.run.v2.IContainer;
type IEnvVar = protos.google.cloud.run.v2.IEnvVar;

/** Labels on every revision that Gantry makes: the way back can be read from the revision alone. */
export const revisionLabels = { release: "gantry-release", stable: "gantry-stable" } as const;

export type TemplateChange = Readonly<{
  releaseId: ReleaseId;
  image: Readonly<{ name: string; digest: string }>;
  runtime: RuntimeConfig;
  stable: RevisionName | null;
}>;

/**
 * The template of the candidate, without a revision name: the image by digest, the declared variables, port and service
 * account, and Gantry's two labels. Everything else of `base` stays as it is. Merging twice changes nothing.
 */
export function candidateTemplate(base: ITemplate, change: TemplateChange): ITemplate {
  const { runtime } = change;
  const containers = base.containers ?? [];
  const serving = servingContainer(containers);
  const changed = changedContainer(serving ?? {}, change);
  return {
    ...base,
    revision: "",
    labels: changedLabels(base.labels ?? {}, change),
    containers: serving ? containers.map((one) => (one === serving ? changed : one)) : [changed],
    ...(runtime.serviceAccount === null ? {} : { serviceAccount: runtime.serviceAccount }),
  };
}

/** The container that requests go to: the one with a port, else the first (`Container.ports`, k8s.min.proto). */
export function servingContainer(containers: readonly IContainer[]): IContainer | undefined {
  return containers.find(({ ports }) => (ports ?? []).length > 0) ?? containers[0];
}

function changedContainer(container: IContainer, { image, runtime }: TemplateChange): IContainer {
  const { port } = runtime;
  const [first] = container.ports ?? [];
  return {
    ...container,
    image: `${image.name}@${image.digest}`,
    env: mergedEnv(container.env ?? [], runtime.env),
    ...(port === null ? {} : { ports: [{ ...first, containerPort: port }] }),
  };
}

/** Declared variables replace those of the same name in their place, or follow at the end; all others stay. */
function mergedEnv(existing: readonly IEnvVar[], declared: RuntimeConfig["env"]): IEnvVar[] {
  const names = new Set(existing.map(({ name }) => name));
  const kept = existing.map((one): IEnvVar => {
    const value = one.name ? declared[one.name] : undefined;
    return value === undefined ? one : { name: one.name ?? "", value };
  });
  const added = Object.entries(declared).filter(([name]) => !names.has(name));
  return [...kept, ...added.map(([name, value]): IEnvVar => ({ name, value }))];
}

function changedLabels(
  labels: Readonly<Record<string, string>>,
  { releaseId, stable }: TemplateChange,
): Record<string, string> {
  const { [revisionLabels.stable]: _before, ...others } = labels;
  const way = stable === null ? {} : { [revisionLabels.stable]: stable };
  return { ...others, [revisionLabels.release]: releaseId, ...way };
}

/**
 * What a candidate is based on. The service's template is what the next revision shall look like, and what people and
 * Terraform change; but where the last write was another release's that never went live, its variables are no one's
 * wish any more, and the live revision's own settings are taken up again (`restored`).
 */
export function baseTemplate({
  service,
  stable,
  releaseId,
}: Readonly<{ service: IService; stable: IRevision | null; releaseId: ReleaseId }>): Readonly<{
  template: ITemplate;
  restored: boolean;
}> {
  const template = service.template ?? {};
  const author = template.labels?.[revisionLabels.release];
  const isAbandoned = author !== undefined && author !== releaseId && author !== releaseOf(stable);
  if (!isAbandoned || stable === null) return { template, restored: false };
  return { template: templateOfRevision(stable, template), restored: true };
}

function releaseOf(revision: IRevision | null): string | undefined {
  return revision?.labels?.[revisionLabels.release];
}

/** A revision carries all that its template said, but for `health_check_disabled` (revision.proto). */
function templateOfRevision(revision: IRevision, latest: ITemplate): ITemplate {
  const { name, uid, generation, observedGeneration, etag, service, creator, launchStage, ...named } =
    revision;
  const { createTime, updateTime, deleteTime, expireTime, logUri, ...timeless } = named;
  const { reconciling, conditions, scalingStatus, satisfiesPzs, ...settings } = timeless;
  return { ...settings, healthCheckDisabled: latest.healthCheckDisabled ?? false };
}
