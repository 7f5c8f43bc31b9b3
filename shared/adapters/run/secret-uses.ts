import type { protos } from "@google-cloud/run";
import type { SecretUse } from "../../domain/service-settings.ts";
import type { IContainer } from "./candidate-template.ts";

type IVolume = protos.google.cloud.run.v2.IVolume;

/** The secrets that a container sees, by place: as variables, and as files of the volumes that it mounts. */
export function secretsOf(container: IContainer, volumes: readonly IVolume[]): readonly SecretUse[] {
  return [...variablesFrom(container), ...filesFrom(container, volumes)].sort((left, right) =>
    left.at < right.at ? -1 : Number(left.at > right.at),
  );
}

function variablesFrom({ env }: IContainer): readonly SecretUse[] {
  return (env ?? []).flatMap(({ name, valueSource }) => {
    const from = valueSource?.secretKeyRef;
    return from
      ? [{ as: "env" as const, at: name ?? "", secret: from.secret ?? "", version: from.version || "latest" }]
      : [];
  });
}

function filesFrom({ volumeMounts }: IContainer, volumes: readonly IVolume[]): readonly SecretUse[] {
  return (volumeMounts ?? []).flatMap(({ name, mountPath }) => {
    const source = volumes.find((volume) => volume.name === name)?.secret;
    if (!source) return [];
    const secret = source.secret ?? "";
    const items = source.items ?? [];
    // Without items the latest version is one file, named after the secret (`SecretVolumeSource`, k8s.min.proto).
    if (items.length === 0)
      return [{ as: "mount" as const, at: `${mountPath ?? ""}/${secret}`, secret, version: "latest" }];
    return items.map(({ path, version }) => ({
      as: "mount" as const,
      at: `${mountPath ?? ""}/${path ?? ""}`,
      secret,
      version: version || "latest",
    }));
  });
}

/**
 * The secrets of a service's first deploy, as its guard rails name them: a variable names its secret, a file is a volume of
 * one secret that is mounted at its folder.
 */
export function secretShape(
  secrets: Readonly<Record<string, string>>,
): Readonly<{ container: IContainer; volumes: readonly IVolume[] }> {
  const all = Object.entries(secrets).map(([at, source]) => ({ at, ...secretAndVersion(source) }));
  const env = all.flatMap(({ at, secret, version }) =>
    at.startsWith("/") ? [] : [{ name: at, valueSource: { secretKeyRef: { secret, version } } }],
  );
  const files = all
    .filter(({ at }) => at.startsWith("/"))
    .map((one, index) => ({ ...one, name: `secret-${index + 1}`, slash: one.at.lastIndexOf("/") }));
  const volumes = files.map(({ at, name, secret, version, slash }) => ({
    name,
    secret: { secret, items: [{ path: at.slice(slash + 1), version }] },
  }));
  const volumeMounts = files.map(({ at, name, slash }) => ({ name, mountPath: at.slice(0, slash) }));
  const container = { ...(env.length === 0 ? {} : { env }), ...(files.length === 0 ? {} : { volumeMounts }) };
  return { container, volumes };
}

function secretAndVersion(source: string): Readonly<{ secret: string; version: string }> {
  const [secret = "", version = "latest"] = source.split(":");
  return { secret, version };
}
