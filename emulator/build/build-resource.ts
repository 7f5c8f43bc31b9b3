/** The parts of `google.devtools.cloudbuild.v1` that the local Cloud Build reads and writes, as the wire decodes them. */
export type Timestamp = Readonly<{ seconds: string; nanos: number }>;
export type Duration = Readonly<{ seconds?: string; nanos?: number }>;
export type TimeSpan = Readonly<{ startTime: Timestamp; endTime?: Timestamp }>;

export type BuildStatus =
  | "QUEUED"
  | "WORKING"
  | "SUCCESS"
  | "FAILURE"
  | "INTERNAL_ERROR"
  | "TIMEOUT"
  | "CANCELLED"
  | "EXPIRED";

export type FailureType =
  | "PUSH_FAILED"
  | "PUSH_IMAGE_NOT_FOUND"
  | "LOGGING_FAILURE"
  | "USER_BUILD_STEP"
  | "FETCH_SOURCE_FAILED";

export type BuildStep = Readonly<{
  name?: string;
  args: readonly string[];
  env: readonly string[];
  dir?: string;
  id?: string;
  waitFor: readonly string[];
  entrypoint?: string;
  secretEnv: readonly string[];
  timeout?: Duration;
  script?: string;
  allowFailure?: boolean;
  allowExitCodes: readonly number[];
  automapSubstitutions?: boolean;
  status?: BuildStatus;
  exitCode?: number;
  timing?: TimeSpan;
  pullTiming?: TimeSpan;
}>;

export type GitSource = Readonly<{ url: string; revision?: string; dir?: string }>;
/** `repository`: `projects/P/locations/R/connections/C/repositories/N`. */
type ConnectedSource = Readonly<{ repository: string; revision?: string; dir?: string }>;
export type BuildSource = Readonly<{
  gitSource?: GitSource;
  storageSource?: object;
  repoSource?: object;
  storageSourceManifest?: object;
  connectedRepository?: ConnectedSource;
}>;

export type BuiltImage = Readonly<{ name: string; digest: string; pushTiming: TimeSpan }>;
type Results = Readonly<{
  images?: readonly BuiltImage[];
  buildStepImages?: readonly string[];
  buildStepOutputs?: readonly Buffer[];
}>;

export type Build = Readonly<{
  name?: string;
  id: string;
  projectId: string;
  status: BuildStatus;
  statusDetail?: string;
  source?: BuildSource;
  steps: readonly BuildStep[];
  results?: Results;
  createTime?: Timestamp;
  startTime?: Timestamp;
  finishTime?: Timestamp;
  timeout?: Duration;
  queueTtl?: Duration;
  images: readonly string[];
  artifacts?: Readonly<{ images?: readonly string[]; objects?: object }>;
  options?: Readonly<{ substitutionOption?: string; env?: readonly string[]; secretEnv?: readonly string[] }>;
  logUrl?: string;
  substitutions: Readonly<Record<string, string>>;
  tags: readonly string[];
  timing?: Readonly<Record<string, TimeSpan>>;
  failureInfo?: Readonly<{ type: FailureType; detail: string }>;
}>;

const ends: readonly BuildStatus[] = [
  "SUCCESS",
  "FAILURE",
  "INTERNAL_ERROR",
  "TIMEOUT",
  "CANCELLED",
  "EXPIRED",
];

/** True once a build can no longer change. */
export function isFinished(build: Pick<Build, "status">): boolean {
  return ends.includes(build.status);
}

export function timestamp(milliseconds: number): Timestamp {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds: String(seconds), nanos: Math.round((milliseconds - seconds * 1000) * 1e6) };
}

export function durationMs(duration: Duration): number {
  return Number(duration.seconds ?? 0) * 1000 + (duration.nanos ?? 0) / 1e6;
}

export function spanSince(start: number): TimeSpan {
  return { startTime: timestamp(start), endTime: timestamp(Date.now()) };
}
