import { expect } from "chai";
import fc from "fast-check";
import type { SubmittedBuild } from "./build-submit-rules.ts";
import { checkPlan } from "./plan-check.ts";
import { checkScript } from "./script-check.ts";

const build: SubmittedBuild = {
  file: "build.yaml",
  templates: [`a/\${_NAME}:\${SHORT_SHA}`, "$_REGION"],
  defaults: { _REGION: "us-central1" },
};
const lookup = (name: string) => (name === "build.yaml" ? build : null);

/** `code@line:column` of every finding. */
const codesIn = (text: string) =>
  checkScript({ text, file: "a.sh", line: 1, lookup }).map(
    ({ code, line, column }) => `${code}@${line}:${column}`,
  );

const quiet = "--no-traffic --startup-probe=tcpSocket.port=8080";

const cases: readonly (readonly [string, string, readonly string[]])[] = [
  [
    "a deploy that keeps to the rules",
    `gcloud run deploy web --image=a/b@sha256:0 ${quiet} --no-allow-unauthenticated`,
    ["no-lock@1:1"],
  ],
  [
    "flags whose values are words of their own, and gcloud beta",
    `gcloud --quiet beta run deploy web --image a/b:1 ${quiet} --timeout 10m --min-instances 1`,
    ["no-lock@1:1", "mutable-image@1:36", "minimum-in-revision@1:113"],
  ],
  ["an image that nobody knows", `gcloud run deploy web --image=$IMAGE ${quiet}`, ["no-lock@1:1"]],
  ["a deploy through a path, after sudo", `sudo /opt/gcloud run deploy web ${quiet}`, ["no-lock@1:6"]],
  ["an update of the service", "gcloud run services update web --min=1 --update-env-vars=A=1", []],
  [
    "an update that replaces variables",
    "gcloud run services update web --set-env-vars=A=1",
    ["replaces-environment@1:32"],
  ],
  ["a service that a file replaces", "gcloud run services replace a.yaml", ["takes-all-traffic@1:1"]],
  ["traffic to the latest", "gcloud run services update-traffic web --to-latest", ["traffic-by-hand@1:1"]],
  ["an image that is deleted", "gcloud artifacts docker images delete a/b", ["deletes-way-back@1:1"]],
  [
    "a GPU that is wholly spelt out",
    `gcloud run deploy web ${quiet} --gpu=1 --no-gpu-zonal-redundancy --no-cpu-throttling`,
    ["no-lock@1:1", "gpu-quota-shared@1:72"],
  ],
  [
    "a service without GPU",
    `gcloud run deploy web ${quiet} --gpu=0 --cpu=8 --max-instances=2`,
    ["no-lock@1:1"],
  ],
  ["other commands of gcloud", "gcloud auth list && gcloud config set project x", []],
  ["words that are only printed", 'echo "gcloud run deploy" && git push', []],
  [
    "a build with all that its file asks for",
    "gcloud builds submit --config=build.yaml --substitutions=_NAME=web,SHORT_SHA=1 --no-source",
    ["no-lock@1:1"],
  ],
  [
    "a build with less, and another delimiter",
    "gcloud builds submit --config build.yaml --substitutions=^@^_NAME=a,b@SHORT_SHA= gs://bucket/a.tgz",
    ["no-lock@1:1", "submit-empty-substitution@1:42"],
  ],
  [
    "a build by a tag alone",
    "gcloud builds submit --tag=a/b:1",
    ["no-lock@1:1", "submit-working-directory@1:1"],
  ],
  ["a revision's own URL", "curl --fail https://candidate---web-abc.a.run.app/health", []],
  ["a status that is looked at", "curl -sfS https://web-abc.a.run.app", ["checks-main-url@1:11"]],
  ["wget", "wget https://web-1.us-central1.run.app/health", ["checks-main-url@1:6"]],
  ["other addresses", "curl https://example.com/run.app", []],
  ["a Dockerfile that sed edits", "sed -i s/a/b/ ./Dockerfile", ["edits-source@1:1"]],
  ["a Dockerfile that is only read", "sed s/a/b/ Dockerfile && cat < Dockerfile", []],
  ["other files", "date > built.txt", []],
  [
    "docker within a pipe",
    "true | docker build .",
    ["base-image-not-pulled@1:8", "built-by-hand@1:8", "cached-build@1:8"],
  ],
  ["a quote that never closes", "echo 'a\ngcloud run deploy", ["never-closes@1:6"]],
  [
    "a schedule in UTC",
    "gcloud scheduler jobs update http a --schedule '* * * * *'",
    ["pings-to-stay-warm@1:37"],
  ],
];

describe("checkScript", () => {
  for (const [what, text, expected] of cases) {
    it(`judges ${what}`, () => expect(codesIn(text)).to.have.members([...expected]));
  }

  it("says what to type with the values that stand there", () => {
    const [found] = checkScript({
      text: "gcloud builds submit --config=build.yaml --substitutions=_NAME=web --no-source",
      file: "a.sh",
      line: 1,
      lookup,
    }).filter(({ code }) => code === "submit-empty-substitution");
    expect(found?.repair).to.include("--substitutions=_NAME=web,SHORT_SHA=$(git rev-parse --short=7 HEAD)`");
  });

  it("reads any text without an end other than findings", () => {
    const piece = fc.constantFrom(
      "gcloud ",
      "run deploy ",
      "--image=",
      "$(",
      ")",
      "'",
      '"',
      "\\",
      "\n",
      "```bash\n",
      "```\n",
      ">> Dockerfile",
      "<<EOF\n",
      "#",
      "a",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join("");
        checkScript({ text, file: "a.sh", line: 1, lookup });
        checkPlan({ text, file: "a.md" }, lookup);
      }),
      { numRuns: 300 },
    );
  });
});
