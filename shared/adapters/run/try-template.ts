import { candidateTag } from "../../domain/traffic.ts";
import { AppError } from "../../ports/app-error.ts";
import type { TemplateTrialOutcome, TemplateTrialRequest } from "../../ports/run.ts";
import type { MaskPaths } from "./candidate-plan.ts";
import { candidateTemplate, type ITemplate } from "./candidate-template.ts";
import { firstService, firstTemplate } from "./first-service.ts";
import type { RunApi, WriteResult } from "./run-api.ts";
import type { IService } from "./service-snapshot.ts";

/** Stands in for the image that is not built yet: Google's own sample, which everybody may pull. */
const anyImage = { name: "us-docker.pkg.dev/cloudrun/container/hello", digest: "latest" } as const;

/**
 * Asks Cloud Run whether it would take the candidate's template, and makes nothing (`validate_only` of UpdateService and
 * CreateService, service.proto).
 */
export async function tryTemplate(api: RunApi, request: TemplateTrialRequest): Promise<TemplateTrialOutcome> {
  const raw = await api.service(request.service);
  return outcomeOf(await (raw === null ? tryFirst(api, request) : tryNext(api, request, raw)));
}

function tryNext(api: RunApi, request: TemplateTrialRequest, raw: IService): Promise<WriteResult> {
  const { service, runtime, releaseId, maxInstances } = request;
  const template = raw.template ?? {};
  const change = { releaseId, runtime, stable: null, image: anyImage };
  const changed = withImagesOf(candidateTemplate(template, change), template);
  const account: readonly string[] = runtime.serviceAccount === null ? [] : ["template.service_account"];
  const scaling = { ...template.scaling, maxInstanceCount: maxInstances };
  const isCapped = maxInstances !== null && (raw.scaling?.maxInstanceCount ?? 0) > 0;
  const body: IService = {
    template: maxInstances === null ? changed : { ...changed, scaling },
    ...(isCapped ? { scaling: { ...raw.scaling, maxInstanceCount: maxInstances } } : {}),
  };
  const paths: MaskPaths = [
    "template.revision",
    "template.labels",
    "template.containers",
    ...account,
    ...(maxInstances === null ? [] : ["template.scaling"]),
    ...(isCapped ? ["scaling.max_instance_count"] : []),
  ];
  return api.tryUpdate(service, body, paths);
}

function withImagesOf(changed: ITemplate, template: ITemplate): ITemplate {
  const containers = (changed.containers ?? []).map((container, index) => ({
    ...container,
    image: template.containers?.[index]?.image ?? anyImage.name,
  }));
  return { ...changed, containers };
}

function tryFirst(api: RunApi, request: TemplateTrialRequest): Promise<WriteResult> {
  const { service, runtime, releaseId, guardrails } = request;
  const shaped = firstTemplate(guardrails, { releaseId, runtime, stable: null, image: anyImage });
  const template = withImagesOf(shaped, {});
  const body = firstService({
    template,
    revision: null,
    tag: candidateTag(releaseId),
    guardrails,
    releaseId,
  });
  return api.tryCreate(service, body);
}

function outcomeOf(result: WriteResult): TemplateTrialOutcome {
  if (result.kind === "accepted") return { outcome: "accepted" };
  if (result.kind === "refused") return { outcome: "refused", message: result.message };
  const message = `could not ask Cloud Run about the template: ${result.message}`;
  throw new AppError({ code: "run-unavailable", transient: true, message });
}
