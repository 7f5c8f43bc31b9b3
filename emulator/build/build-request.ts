import { status } from "@grpc/grpc-js";
import { RpcError } from "../grpc/rpc-error.ts";
import { type Build, type BuildStep, type Duration, timestamp } from "./build-resource.ts";
import { problemAfterSubstitution, problemBeforeSubstitution, sourceProblem } from "./build-validation.ts";
import { withSubstitutions } from "./substitutions.ts";

/** A build as a client sends it: whatever it leaves out is absent. */
export type BuildRequest = Readonly<
  Partial<Omit<Build, "steps">> & { steps?: readonly Partial<BuildStep>[] }
>;

const defaultTimeout: Duration = { seconds: "3600" };

/**
 * The build that the service stores for a request: checked, substituted, QUEUED, and without any field that only the
 * service may set. @throws RpcError INVALID_ARGUMENT with Cloud Build's text.
 */
export function acceptedBuild(
  request: BuildRequest,
  place: Readonly<{ id: string; projectId: string; location: string; projectNumber: string; logUrl: string }>,
): Build {
  const asked = readRequest(request, place);
  refuse(problemBeforeSubstitution(asked) ?? sourceProblem(asked, place.location));
  const build = withSubstitutions(asked, place.projectNumber);
  refuse(problemAfterSubstitution(build));
  return build;
}

function readRequest(
  request: BuildRequest,
  { id, projectId, location, projectNumber, logUrl }: Parameters<typeof acceptedBuild>[1],
): Build {
  return {
    name: `projects/${projectNumber}/locations/${location}/builds/${id}`,
    id,
    projectId,
    status: "QUEUED",
    ...(request.source === undefined ? {} : { source: request.source }),
    steps: (request.steps ?? []).map(readStep),
    createTime: timestamp(Date.now()),
    timeout: request.timeout ?? defaultTimeout,
    queueTtl: request.queueTtl ?? defaultTimeout,
    images: request.images ?? request.artifacts?.images ?? [],
    ...(request.artifacts === undefined ? {} : { artifacts: request.artifacts }),
    ...(request.options === undefined ? {} : { options: request.options }),
    logUrl,
    substitutions: request.substitutions ?? {},
    tags: request.tags ?? [],
  };
}

function readStep(step: Partial<BuildStep>): BuildStep {
  const { status: _status, exitCode: _exitCode, timing: _timing, ...asked } = step;
  return {
    ...asked,
    args: step.args ?? [],
    env: step.env ?? [],
    waitFor: step.waitFor ?? [],
    secretEnv: step.secretEnv ?? [],
    allowExitCodes: step.allowExitCodes ?? [],
  };
}

function refuse(problem: string | null): void {
  if (problem !== null) throw new RpcError(status.INVALID_ARGUMENT, problem);
}
