import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import { repositoryDirectory, repositoryExists } from "./bare-repository.ts";
import { pushEvents, type RefUpdate, type RepositoryPlace, type WebhookEvent } from "./push-event.ts";
import type { Delivery, WebhookSender } from "./webhook-delivery.ts";

const patienceMs = 11_000;

type ReceptionOptions = Readonly<{ root: string; baseUrl: () => string; webhooks: WebhookSender }>;
type Push = Readonly<{ repository: string; updates: readonly RefUpdate[] }>;

/** What the post-receive hook calls: sends the webhooks of a push and answers the lines for who pushed. */
export function pushRoutes({ root, baseUrl, webhooks }: ReceptionOptions): Hono {
  const routes = new Hono();
  routes.post("/", async (context) => {
    const push = readPush(await context.req.json().catch(() => null));
    const directory = push === null ? null : repositoryDirectory(root, push.repository);
    if (push === null || directory === null || !(await repositoryExists(directory)))
      return context.json({ lines: ["The local git remote does not know this repository."] }, 400);
    const place = { fullName: push.repository, directory, baseUrl: baseUrl() };
    const lines = await announce(place, push.updates, webhooks);
    return context.json({ lines });
  });
  return routes;
}

async function announce(
  place: RepositoryPlace,
  updates: readonly RefUpdate[],
  webhooks: WebhookSender,
): Promise<readonly string[]> {
  const events = await pushEvents(place, updates);
  const tags = updates.filter(({ ref }) => ref.startsWith("refs/tags/"));
  const silent =
    tags.length > 3
      ? [`${tags.length} tags at once: as on GitHub, no event is sent for more than three.`]
      : [];
  const lines = await Promise.all(
    events.map((event) => Promise.race([tell(place.fullName, event, webhooks), unanswered()])),
  );
  return [...silent, ...lines.flat()];
}

async function unanswered(): Promise<readonly string[]> {
  await sleep(patienceMs, undefined, { ref: false });
  return ["The webhook is still without an answer; the push is stored."];
}

async function tell(
  repository: string,
  event: WebhookEvent,
  webhooks: WebhookSender,
): Promise<readonly string[]> {
  const delivery = await webhooks.send(repository, event);
  if (event.event !== "push" || !("ref" in event.payload)) return [];
  return [`${String(event.payload.ref).replace(/^refs\/(tags|heads)\//, "")}: ${answerLine(delivery)}`];
}

function answerLine({ status_code, status, response }: Delivery): string {
  if (status_code === 0) return "stored; nobody listens for its webhook.";
  if (response.payload === "") return `the webhook was answered ${status_code} (${status}).`;
  const fields = fieldsOf(response.payload);
  const message = fields.get("message");
  if (typeof message === "string") return oneLine(message);
  const said = ["detail", "title"].map((key) => fields.get(key)).find((value) => typeof value === "string");
  return `Gantry answered ${status_code}: ${oneLine(String(said ?? response.payload))}`;
}

/** What ends up on a terminal is one line of plain text, whoever answered. */
function oneLine(text: string): string {
  return text
    .trim()
    .slice(0, 400)
    .replaceAll(/[\p{Cc}\s]+/gu, " ");
}

/** The fields of a JSON object; none for anything else. */
function fieldsOf(payload: string): ReadonlyMap<string, unknown> {
  try {
    const body: unknown = JSON.parse(payload);
    return new Map(typeof body === "object" && body !== null ? Object.entries(body) : []);
  } catch {
    return new Map();
  }
}

function readPush(body: unknown): Push | null {
  if (typeof body !== "object" || body === null || !("repository" in body) || !("updates" in body))
    return null;
  const { repository, updates } = body;
  if (typeof repository !== "string" || !Array.isArray(updates)) return null;
  const read = updates.map(readUpdate);
  return read.every((update) => update !== null) ? { repository, updates: read } : null;
}

function readUpdate(update: unknown): RefUpdate | null {
  if (typeof update !== "object" || update === null) return null;
  const fields = new Map<string, unknown>(Object.entries(update));
  const [before, after, ref] = ["before", "after", "ref"].map((key) => fields.get(key));
  if (typeof before !== "string" || typeof after !== "string" || typeof ref !== "string") return null;
  return [before, after].every((sha) => /^[0-9a-f]{40}$/.test(sha)) ? { before, after, ref } : null;
}
