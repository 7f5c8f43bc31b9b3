import { createHash } from "node:crypto";
import { Hono } from "hono";
import { type Ref, readRefs } from "./commit-reading.ts";
import { git } from "./git-command.ts";
import { type GithubContext, type GithubEnv, notFound, page } from "./github-answer.ts";
import type { RepositoryPlace } from "./push-event.ts";

/** Refs, tag objects, tags and branches. */
export function refRoutes(): Hono<GithubEnv> {
  const routes = new Hono<GithubEnv>();
  routes.get("/git/ref/:ref{.+}", oneRef);
  routes.get("/git/matching-refs/:ref{.*}", matchingRefs);
  routes.get("/git/tags/:sha", tagObject);
  routes.get("/tags", async (context) => {
    const { directory, fullName, baseUrl } = context.get("place");
    const tags = (await readRefs(directory, "refs/tags/")).map((ref) =>
      namedCommit(ref, `${baseUrl}/repos/${fullName}`),
    );
    return context.json(page(context, tags));
  });
  routes.get("/branches", async (context) => {
    const { directory, fullName, baseUrl } = context.get("place");
    const heads = (await readRefs(directory, "refs/heads/")).map((ref) =>
      namedCommit(ref, `${baseUrl}/repos/${fullName}`),
    );
    return context.json(page(context, heads));
  });
  return routes;
}

async function oneRef(context: GithubContext): Promise<Response> {
  const place = context.get("place");
  const name = `refs/${decodeURIComponent(context.req.param("ref") ?? "")}`;
  const found = (await readRefs(place.directory, name)).find((ref) => ref.name === name);
  return found === undefined ? notFound(context) : context.json(refPayload(place, found));
}

async function matchingRefs(context: GithubContext): Promise<Response> {
  const place = context.get("place");
  const refs = await readRefs(place.directory, `refs/${decodeURIComponent(context.req.param("ref") ?? "")}`);
  const known = refs.map(({ name, sha }) => `${name} ${sha}`).join("\n");
  const etag = `W/"${createHash("sha256").update(known).digest("hex")}"`;
  context.header("etag", etag);
  if (context.req.header("if-none-match") === etag) return context.body(null, 304);
  return context.json(refs.map((ref) => refPayload(place, ref)));
}

function refPayload({ baseUrl, fullName }: RepositoryPlace, ref: Ref): object {
  const base = `${baseUrl}/repos/${fullName}/git`;
  return {
    ref: ref.name,
    url: `${base}/${ref.name}`,
    object: { sha: ref.sha, type: ref.type, url: `${base}/${ref.type}s/${ref.sha}` },
  };
}

function namedCommit(ref: Ref, base: string): object {
  const name = ref.name.replace(/^refs\/(tags|heads)\//, "");
  return { name, commit: { sha: ref.commit, url: `${base}/commits/${ref.commit}` } };
}

async function tagObject(context: GithubContext): Promise<Response> {
  const { directory, baseUrl, fullName } = context.get("place");
  const sha = context.req.param("sha") ?? "";
  const text = /^[0-9a-f]{40}$/.test(sha)
    ? await git(directory, "cat-file", "tag", sha).catch(() => null)
    : null;
  if (text === null) return notFound(context);
  const field = (name: string) => new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1] ?? "";
  const [, name = "", email = "", seconds = "0"] = /^(.*) <(.*)> (\d+)/.exec(field("tagger")) ?? [];
  const base = `${baseUrl}/repos/${fullName}/git`;
  return context.json({
    tag: field("tag"),
    sha,
    url: `${base}/tags/${sha}`,
    message: text.slice(text.indexOf("\n\n") + 2).trimEnd(),
    tagger: { name, email, date: new Date(Number(seconds) * 1000).toISOString().replace(".000", "") },
    object: {
      sha: field("object"),
      type: field("type"),
      url: `${base}/${field("type")}s/${field("object")}`,
    },
    verification: { verified: false, reason: "unsigned", signature: null, payload: null },
  });
}
