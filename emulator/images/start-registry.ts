import { serve } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { FaultSwitches, faultRoutes } from "../build/fault-switches.ts";
import { digestOf, manifestType } from "./image-manifest.ts";
import type { ImageStore } from "./image-store.ts";

const registryFaultNames = ["unavailable", "denied"] as const;

export type RegistryFaults = FaultSwitches<(typeof registryFaultNames)[number]>;

export type Registry = Readonly<{ url: string; faults: RegistryFaults; close(): Promise<void> }>;

type RegistryOptions = Readonly<{ images: ImageStore; host?: string; port?: number }>;

/**
 * Serves the images of the local cloud over the manifests part of the OCI distribution API, as a mirror of every registry:
 * `?ns=HOST` tells whose name is meant, as containerd tells it. A manifest that is here can be pushed under another tag,
 * which is how an image gets another name without a rebuild. Blobs are not served: there are none.
 */
export async function startRegistry({
  images,
  host = "127.0.0.1",
  port = 0,
}: RegistryOptions): Promise<Registry> {
  const faults: RegistryFaults = new FaultSwitches(registryFaultNames, []);
  const app = new Hono();
  app.route("/_cloud/registry/faults", faultRoutes(faults));
  app.use("/v2/*", async (c, next) => {
    if (faults.take("unavailable") !== null) return refuse(c, 503, "UNAVAILABLE", "the registry is away");
    if (faults.take("denied") !== null)
      return refuse(c, 403, "DENIED", "requested access to the resource is denied");
    return next();
  });
  app.get("/v2/", (c) => c.json({}));
  app.on(["GET", "HEAD"], "/v2/:path{.+}/manifests/:reference", (c) => readManifest(images, c));
  app.put("/v2/:path{.+}/manifests/:reference", (c) => writeManifest(images, c));
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, (info) => {
      const close = () =>
        new Promise<void>((closed) => {
          server.close(() => closed());
          if ("closeAllConnections" in server) server.closeAllConnections();
        });
      resolve({ url: `http://${host}:${info.port}`, faults, close });
    });
    server.once("error", reject);
  });
}

/** The name that the request means, without tag or digest. */
function nameOf(c: Context): string {
  const registry = c.req.query("ns");
  const path = c.req.param("path") ?? "";
  return registry === undefined ? path : `${registry}/${path}`;
}

async function readManifest(images: ImageStore, c: Context): Promise<Response> {
  const reference = c.req.param("reference") ?? "";
  const separator = reference.startsWith("sha256:") ? "@" : ":";
  const image = await images.resolve(`${nameOf(c)}${separator}${reference}`);
  const manifest = image === null ? null : await images.manifest(image.digest);
  if (image === null || manifest === null) return refuse(c, 404, "MANIFEST_UNKNOWN", "manifest unknown");
  const headers = {
    "content-type": manifestType,
    "content-length": String(Buffer.byteLength(manifest)),
    "docker-content-digest": image.digest,
  };
  return c.req.method === "HEAD" ? c.body(null, 200, headers) : c.body(manifest, 200, headers);
}

async function writeManifest(images: ImageStore, c: Context): Promise<Response> {
  const tag = c.req.param("reference") ?? "";
  const digest = digestOf(await c.req.text());
  if ((await images.get(digest)) === null)
    return refuse(c, 400, "MANIFEST_BLOB_UNKNOWN", "no image here has this manifest");
  try {
    await images.tag(`${nameOf(c)}:${tag}`, digest);
  } catch {
    return refuse(c, 400, "NAME_INVALID", `${nameOf(c)}:${tag} is no name of an image`);
  }
  return c.body(null, 201, {
    location: `/v2/${c.req.param("path")}/manifests/${digest}`,
    "docker-content-digest": digest,
  });
}

function refuse(c: Context, status: 400 | 403 | 404 | 503, code: string, message: string): Response {
  return c.json({ errors: [{ code, message }] }, status);
}
