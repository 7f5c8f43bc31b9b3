/** The files of one commit by their path in the repository. */
export type FileSet = Readonly<Record<string, string>>;

/** One tag of the demo repository: what is told of it, and how its files differ from the good service. */
export type DemoVersion = Readonly<{
  tag: string;
  /** What becomes of a release of it: goes live, is refused, fails before it has traffic, or is rolled back. */
  fate: "live" | "refused" | "failed" | "rolled-back";
  /** One sentence for who looks for something to push. */
  story: string;
  /** The subject of the commit. */
  subject: string;
  change: (files: FileSet) => FileSet;
}>;

/** When `v1.6.0` starts to fail: so long after its first request, or after so many that are no probes of Gantry's. */
export type GoesBad = Readonly<{ afterSeconds: number; afterRequests: number }>;

const folder = "backend/inspirenet-api";

/** The tags of the demo repository, oldest first: good ones, and one for each way to go wrong. */
export function demoVersions(goesBad: GoesBad): readonly DemoVersion[] {
  return versions.map(({ tag, fate, story, subject, change }) => {
    const numbered = (files: FileSet) =>
      edit(files, "package.json", '"version": "1.0.0"', `"version": "${tag.slice(1)}"`);
    return { tag, fate, story, subject, change: (files) => change(numbered(files), goesBad) };
  });
}

type Version = Omit<DemoVersion, "change"> & { change: (files: FileSet, goesBad: GoesBad) => FileSet };

const versions: readonly Version[] = [
  {
    tag: "v1.0.0",
    fate: "live",
    story: "the revision that is live first",
    subject: "Serve background removal",
    change: (files) => files,
  },
  {
    tag: "v1.1.0",
    fate: "live",
    story: "good",
    subject: "Send no-cache with every answer",
    change: (files) => edit(files, "http.mjs", '"no-store"', '"no-store, no-cache"'),
  },
  {
    tag: "v1.2.0",
    fate: "failed",
    story: "/health answers 500",
    subject: "Check the model's weights in /health",
    change: (files) => edit(files, "health.mjs", "loaded ? 200 : 503", "loaded ? 500 : 503"),
  },
  {
    tag: "v1.3.0",
    fate: "failed",
    story: "the build fails: its Dockerfile wants a package that Debian no longer has",
    subject: "Install OpenGL",
    change: (files) => edit(files, "Dockerfile", "libgl1 ", "libgl1-mesa-glx "),
  },
  {
    tag: "v1.4.0",
    fate: "failed",
    story: "crashes on start",
    subject: "Require the region of the bucket",
    change: (files) =>
      edit(files, "server.mjs", "await loadModel();", 'throw new Error("STORAGE_BUCKET_REGION is not set");'),
  },
  {
    tag: "v1.5.0",
    fate: "failed",
    story: "the upload answers 200 without data, not 422",
    subject: "Accept empty uploads",
    change: (files) =>
      edit(
        files,
        "storage.mjs",
        'if (image === null) throw unprocessable("file", "Field required");',
        "if (image === null) return { status: 200, json: { success: true } };",
      ),
  },
  {
    tag: "v1.6.0",
    fate: "rolled-back",
    story: "passes the gate and goes bad under traffic",
    subject: "Cache the access token",
    change: (files, goesBad) =>
      edit(files, "server.mjs", "async function handle(request) {", failingHandle(goesBad)),
  },
  {
    tag: "v1.7.0",
    fate: "failed",
    story: "hangs on /model-info",
    subject: "Ask the device for its memory in /model-info",
    change: (files) =>
      edit(files, "server.mjs", "({ status: 200, json: modelInfo() })", "new Promise(() => undefined)"),
  },
  {
    tag: "v1.8.0",
    fate: "live",
    story: "good again",
    subject: "Tell the target size in /health",
    change: (files) =>
      edit(
        files,
        "health.mjs",
        "model_loaded: loaded",
        "model_loaded: loaded, target_size: settings.targetSize",
      ),
  },
  {
    tag: "v1.9.0",
    fate: "refused",
    story: "its gantry.yaml has errors",
    subject: "Move faster",
    change: (files) => ({ ...files, "gantry.yaml": brokenConfig(files["gantry.yaml"] ?? "") }),
  },
  {
    tag: "v2.0.0",
    fate: "live",
    story: "good, and its gantry.yaml asks for approval: @maya or @lee has to say yes in Slack",
    subject: "Ask before traffic moves",
    change: (files) => ({ ...files, "gantry.yaml": askingConfig(files["gantry.yaml"] ?? "") }),
  },
  {
    tag: "v1.10.0",
    fate: "failed",
    story: "never ready: it listens on no port",
    subject: "Warm the model up after the start",
    change: (files) =>
      edit(
        files,
        "server.mjs",
        "server.listen(",
        "const listen = () => setInterval(() => undefined, 60_000);\nlisten(",
      ),
  },
];

function askingConfig(text: string): string {
  const asking = 'approval:\n  required: true\n  from:\n    - "@ml-oncall"\n  expires: 4h\n';
  return text.replace(/^approval:\n(?: .*\n)*/m, () => asking);
}

function edit(files: FileSet, name: string, from: string, to: string): FileSet {
  const path = `${folder}/${name}`;
  const text = files[path] ?? "";
  if (!text.includes(from)) throw new Error(`the example's ${path} no longer holds: ${from}`);
  return { ...files, [path]: text.replace(from, () => to) };
}

function failingHandle({ afterSeconds, afterRequests }: GoesBad): string {
  return `let firstAt = 0;
let served = 0;

/** The token that the start fetched is valid for a while, and nobody fetches another. */
function tokenIsValid(request) {
  firstAt ||= performance.now();
  if (request.headers["user-agent"] !== "gantry-probe") served += 1;
  return performance.now() - firstAt < ${afterSeconds * 1000} && served <= ${afterRequests};
}

async function handle(request) {
  if (!tokenIsValid(request)) throw new Error("401 Unauthorized: the access token has expired");`;
}

function brokenConfig(config: string): string {
  return `${config.replace(/traffic: "?\d+%"?/, "traffic: 120%")}canary: true\n`;
}
