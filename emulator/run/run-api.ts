import { status } from "@grpc/grpc-js";
import { type GrpcService, unary } from "../grpc/grpc-server.ts";
import { type ProtoDefinitions, serviceDefinition } from "../grpc/proto-definitions.ts";
import { invalidArgument, RpcError } from "../grpc/rpc-error.ts";
import { pageOf } from "./control/page.ts";
import { parseParent } from "./control/resource-names.ts";
import type { ServiceBody } from "./control/resources.ts";
import type { ControlPlane } from "./control-plane.ts";
import type { FaultBoard } from "./faults.ts";
import type { IamPolicies, IamPolicy } from "./iam-policies.ts";
import { type RevisionCatalogue, serviceOf } from "./revision-catalogue.ts";
import type { ServiceStore } from "./service-store.ts";

type ListRequest = Readonly<{ parent?: string; pageSize?: number; pageToken?: string }>;
type NameRequest = Readonly<{ name?: string; validateOnly?: boolean; etag?: string }>;
type CreateServiceRequest = Readonly<{
  parent?: string;
  serviceId?: string;
  service?: ServiceBody;
  validateOnly?: boolean;
}>;
type UpdateServiceRequest = Readonly<{
  service?: ServiceBody;
  updateMask?: Readonly<{ paths?: readonly string[] }>;
  validateOnly?: boolean;
  allowMissing?: boolean;
}>;
type PolicyRequest = Readonly<{ resource?: string; policy?: IamPolicy; permissions?: readonly string[] }>;

export type RunApiOptions = Readonly<{
  definitions: ProtoDefinitions;
  control: ControlPlane;
  revisions: RevisionCatalogue;
  store: ServiceStore;
  policies: IamPolicies;
  faults: FaultBoard;
}>;

/** `google.cloud.run.v2.Services` and `google.cloud.run.v2.Revisions`. */
export function runApi(options: RunApiOptions): readonly GrpcService[] {
  return [servicesApi(options), revisionsApi(options)];
}

function assertAvailable(faults: FaultBoard, service: string): void {
  if (faults.take("unavailable", service) !== null)
    throw new RpcError(status.UNAVAILABLE, "The service is currently unavailable.");
}

function servicesApi(options: RunApiOptions): GrpcService {
  const { definitions, control, faults, policies } = options;
  return {
    definition: serviceDefinition(definitions, "google.cloud.run.v2.Services"),
    implementation: {
      CreateService: unary(
        ({ parent = "", serviceId = "", service = {}, validateOnly = false }: CreateServiceRequest) => {
          assertAvailable(faults, serviceId);
          return control.createService({ parent, serviceId, body: service, validateOnly });
        },
      ),
      GetService: unary(({ name = "" }: NameRequest) => {
        assertAvailable(faults, serviceOf(name));
        return control.getService(name);
      }),
      ListServices: unary((request: ListRequest) => listServices(options, request)),
      UpdateService: unary((request: UpdateServiceRequest) => {
        const { service = {}, updateMask, validateOnly = false, allowMissing = false } = request;
        assertAvailable(faults, serviceOf(service.name ?? ""));
        return control.updateService({
          body: service,
          paths: updateMask?.paths ?? [],
          validateOnly,
          allowMissing,
        });
      }),
      DeleteService: unary(({ name = "", etag = "", validateOnly = false }: NameRequest) => {
        assertAvailable(faults, serviceOf(name));
        return control.deleteService({ name, etag, validateOnly });
      }),
      GetIamPolicy: unary(({ resource = "" }: PolicyRequest) => policies.get(resource)),
      SetIamPolicy: unary(({ resource = "", policy = {} }: PolicyRequest) => policies.set(resource, policy)),
      TestIamPermissions: unary(({ permissions = [] }: PolicyRequest) => ({ permissions })),
    },
  };
}

function listServices({ store, control, faults }: RunApiOptions, request: ListRequest): object {
  const parent = parseParent(request.parent ?? "");
  if (parent === null)
    throw invalidArgument([{ field: "parent", description: "must be projects/*/locations/*" }]);
  assertAvailable(faults, "");
  const { items, nextPageToken } = pageOf(store.list(parent), request);
  return { services: items.map((state) => control.viewOf(state)), nextPageToken };
}

function revisionsApi({ definitions, revisions, faults }: RunApiOptions): GrpcService {
  return {
    definition: serviceDefinition(definitions, "google.cloud.run.v2.Revisions"),
    implementation: {
      GetRevision: unary(({ name = "" }: NameRequest) => {
        assertAvailable(faults, serviceOf(name));
        return revisions.get(name);
      }),
      ListRevisions: unary((request: ListRequest) => {
        const { parent = "" } = request;
        assertAvailable(faults, serviceOf(parent));
        const { items, nextPageToken } = revisions.list(parent, request);
        return { revisions: items, nextPageToken };
      }),
      DeleteRevision: unary(({ name = "", validateOnly = false }: NameRequest) => {
        assertAvailable(faults, serviceOf(name));
        return revisions.delete(name, validateOnly);
      }),
    },
  };
}
