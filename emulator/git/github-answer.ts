import type { Context } from "hono";
import type { RepositoryPlace } from "./push-event.ts";

/** What every route under `/repos/:owner/:name` knows. */
export type GithubEnv = { Variables: { place: RepositoryPlace } };
export type GithubContext = Context<GithubEnv>;

/** GitHub's 404: it does not say whether the thing is missing or hidden. */
export function notFound(context: Context, message = "Not Found"): Response {
  return context.json({ message, documentation_url: "https://docs.github.com/rest", status: "404" }, 404);
}

/** GitHub's 422 with one sentence. */
export function unprocessable(context: Context, message: string): Response {
  return context.json({ message, documentation_url: "https://docs.github.com/rest", status: "422" }, 422);
}

/** GitHub's 422 for a field of a body. */
export function validationFailed(context: Context, resource: string, field: string): Response {
  const errors = [{ resource, code: "custom", field, message: `${field} is not valid` }];
  const link = "https://docs.github.com/rest";
  return context.json({ message: "Validation Failed", errors, documentation_url: link, status: "422" }, 422);
}

/** The part of a list that `page` and `per_page` ask for, with the `Link` header that leads to the others. */
export function page<Item>(context: Context, items: readonly Item[]): readonly Item[] {
  const url = new URL(context.req.url);
  const size = Math.min(Math.max(Number(context.req.query("per_page") ?? 30) || 30, 1), 100);
  const number = Math.max(Number(context.req.query("page") ?? 1) || 1, 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const link = (to: number, rel: string) => {
    url.searchParams.set("page", String(to));
    return `<${url}>; rel="${rel}"`;
  };
  const next = number < last ? [link(number + 1, "next"), link(last, "last")] : [];
  const previous = number > 1 ? [link(number - 1, "prev"), link(1, "first")] : [];
  if (last > 1) context.header("Link", [...previous, ...next].join(", "));
  return items.slice((number - 1) * size, number * size);
}

/** The body of a request as an object; empty for a body that is none. */
export async function bodyOf(context: Context): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await context.req.json().catch(() => null);
  return typeof body === "object" && body !== null ? Object.fromEntries(Object.entries(body)) : {};
}
