import { connectRun } from "../../shared/adapters/run/connect-run.ts";
import type { IService } from "../../shared/adapters/run/service-snapshot.ts";
import type { Stage } from "./stage.ts";

type MaskPaths = readonly [string, ...string[]];

/** Somebody changes the service past Gantry with Cloud Run's own client, as the Cloud console does, and waits until it is done. */
export async function changeByHand(
  stage: Stage,
  change: (service: IService) => Readonly<{ body: IService; paths: MaskPaths }>,
): Promise<void> {
  const connection = connectRun({ endpoint: { ...stage.cloud.run.grpc, insecure: true } });
  try {
    const [project = "", region = "", name = ""] = stage.service.split("/");
    const path = `projects/${project}/locations/${region}/services/${name}`;
    const { services } = await connection.clients(region);
    const [found] = await services.getService({ name: path });
    const { body, paths } = change(found);
    const request = { service: { ...body, name: path }, updateMask: { paths: [...paths] } };
    const [operation] = await services.updateService(request);
    await operation.promise();
  } finally {
    await connection.close();
  }
}

/** Other limits for the next revision; the traffic stays where it is. */
export function withOtherLimits(limits: Readonly<Record<string, string>>) {
  return ({ template }: IService): Readonly<{ body: IService; paths: MaskPaths }> => {
    const containers = (template?.containers ?? []).map((container) => ({
      ...container,
      resources: { ...container.resources, limits: { ...container.resources?.limits, ...limits } },
    }));
    const body = { template: { ...template, revision: "", containers } };
    return { body, paths: ["template.revision", "template.containers"] };
  };
}
