import { parseImageReference } from "../domain/image-reference.ts";
import type { RawFinding } from "./build-finding.ts";
import type { CloudBuildFile, CloudBuildStep } from "./cloud-build-schema.ts";

const defaultTimeoutSeconds = 3600;

/** What Cloud Build itself checks across fields: the order of steps, their time limits, names after substitution. */
export function buildFindings(
  build: CloudBuildFile,
  replaced: (text: string) => string, // with substitutions applied
): readonly RawFinding[] {
  return [
    ...orderFindings(build.steps),
    ...secretFindings(build),
    ...timeoutFindings(build),
    ...nameFindings(build, replaced),
  ];
}

function orderFindings(steps: readonly CloudBuildStep[]): readonly RawFinding[] {
  return steps.flatMap(({ id, waitFor = [] }, index) => {
    const before = steps.slice(0, index).map((step) => step.id);
    const waits = waitFor.map((name, position): RawFinding[] =>
      name === "-" || before.includes(name)
        ? []
        : [
            order(
              ["steps", index, "waitFor", position],
              `waits for \`${name}\`, which no step above is called`,
            ),
          ],
    );
    const repeated = id !== undefined && (id === "-" || before.includes(id));
    const message = id === "-" ? "the id `-` is reserved" : `the id \`${id}\` stands twice`;
    return [...waits.flat(), ...(repeated ? [order(["steps", index, "id"], message)] : [])];
  });
}

function order(path: RawFinding["path"], message: string): RawFinding {
  return { code: "invalid-step-order", path, message };
}

function secretFindings({
  steps,
  options,
  secrets = [],
  availableSecrets,
}: CloudBuildFile): readonly RawFinding[] {
  const defined = [
    ...secrets.flatMap(({ secretEnv }) => Object.keys(secretEnv)),
    ...(availableSecrets?.secretManager ?? []).map(({ env }) => env),
    ...(availableSecrets?.inline ?? []).flatMap(({ envMap }) => Object.keys(envMap)),
  ];
  const used = [
    ...steps.map(({ secretEnv = [] }, index) => ({ names: secretEnv, path: ["steps", index, "secretEnv"] })),
    { names: options?.secretEnv ?? [], path: ["options", "secretEnv"] },
  ];
  return used.flatMap(({ names, path }) =>
    names.flatMap((name, index): RawFinding[] => {
      const message = `uses the secret \`${name}\`, which \`availableSecrets\` does not define`;
      return defined.includes(name) ? [] : [{ code: "unknown-secret", path: [...path, index], message }];
    }),
  );
}

function timeoutFindings({ steps, timeout }: CloudBuildFile): readonly RawFinding[] {
  const limit = timeout === undefined ? defaultTimeoutSeconds : Number.parseFloat(timeout);
  const own = steps.map((step) => (step.timeout === undefined ? 0 : Number.parseFloat(step.timeout)));
  const tooLong = own.flatMap((seconds, index): RawFinding[] => {
    const message = `\`${seconds}s\` is more than the \`${limit}s\` of the whole build`;
    return seconds > limit
      ? [{ code: "step-outlasts-build", path: ["steps", index, "timeout"], message }]
      : [];
  });
  const sum = own.reduce((total, seconds) => total + seconds, 0);
  const inOrder = steps.every(({ waitFor }) => waitFor === undefined);
  if (tooLong.length > 0 || !inOrder || sum <= limit) return tooLong;
  const message = `the steps have ${sum}s together, the build has ${limit}s`;
  return [{ code: "steps-outlast-build", path: ["timeout"], message }];
}

function nameFindings(
  { images, artifacts, tags }: CloudBuildFile,
  replaced: (text: string) => string,
): RawFinding[] {
  const imagesOf = (list: readonly string[] | undefined, path: readonly string[]) =>
    (list ?? []).flatMap((image, index): RawFinding[] => {
      const name = replaced(image);
      const message = `invalid image name "${name}": could not parse reference`;
      return parseImageReference(name) === null
        ? [{ code: "invalid-image-name", path: [...path, index], message }]
        : [];
    });
  const wrongTags = (tags ?? []).flatMap((tag, index): RawFinding[] => {
    const name = replaced(tag);
    const message = `invalid build tag "${name}": must match format "^[\\w][\\w.-]{0,127}$"`;
    return /^\w[\w.-]{0,127}$/.test(name) ? [] : [{ code: "invalid-tag", path: ["tags", index], message }];
  });
  const different =
    images !== undefined && artifacts?.images !== undefined && images.join() !== artifacts.images.join();
  const message = "must not differ from `images`";
  return [
    ...imagesOf(images, ["images"]),
    ...imagesOf(artifacts?.images, ["artifacts", "images"]),
    ...(different ? [{ code: "invalid-file", path: ["artifacts", "images"], message } as const] : []),
    ...wrongTags,
  ];
}
