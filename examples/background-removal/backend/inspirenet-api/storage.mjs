import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { imageOf, unprocessable } from "./http.mjs";
import { settings } from "./settings.mjs";

const endings = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "image/x-portable-pixmap": "ppm",
};

/** Stores an image in the customers' bucket, here a folder of that name, and answers its public URL. */
export async function upload(request, body) {
  const image = imageOf(request, body);
  if (image === null) throw unprocessable("file", "Field required");
  const ending = endings[image.type];
  if (ending === undefined)
    throw unprocessable("file", `Not an image type that is stored: ${image.type}`, "value_error");
  const name = `${randomUUID()}.${ending}`;
  await mkdir(join(settings.storageDirectory, settings.bucket), { recursive: true });
  await writeFile(join(settings.storageDirectory, settings.bucket, name), image.bytes);
  const url = `http://${request.headers.host ?? "localhost"}/storage/${settings.bucket}/${name}`;
  return {
    status: 200,
    json: { success: true, bucket: settings.bucket, object: name, size: image.bytes.length, url },
  };
}

/** Reads what was stored; the name of an object is one that `upload` gave. */
export async function readObject(pathname) {
  const [, bucket, name, ending] =
    /^\/storage\/([a-z0-9][a-z0-9._-]*)\/([0-9a-f-]{36})\.([a-z]+)$/.exec(pathname) ?? [];
  const type = Object.keys(endings).find((each) => endings[each] === ending);
  if (type === undefined || bucket.includes("..")) return { status: 404, json: { detail: "Not Found" } };
  const bytes = await readFile(join(settings.storageDirectory, bucket, `${name}.${ending}`)).catch(
    () => null,
  );
  return bytes === null ? { status: 404, json: { detail: "Not Found" } } : { status: 200, type, bytes };
}
