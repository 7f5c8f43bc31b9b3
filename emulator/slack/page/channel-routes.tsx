import { type Context, Hono } from "hono";
import { html } from "hono/html";
import { secureHeaders } from "hono/secure-headers";
import { z } from "zod";
import type { AppDelivery } from "../app-delivery.ts";
import { NoSuchAction, sendClick, sendCommand } from "../interaction.ts";
import type { SlackCore } from "../slack-core.ts";
import { closeView, submitView } from "../view-submission.ts";
import type { Person } from "../workspace.ts";
import { ChannelPage } from "./channel-page.tsx";
import { knownZone } from "./date-markup.ts";
import { liveEvents } from "./live-events.ts";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";
import type { Reading } from "./reading.ts";

/** The page at `/`, its two files, its events, and what a person does on it. */
export function channelPages(core: SlackCore, delivery: AppDelivery): Hono {
  const app = new Hono();
  app.use(strictPolicy());
  app.get("/", (context) => {
    context.header("cache-control", "no-store");
    return context.html(html`<!doctype html>${<ChannelPage reading={readingOf(core, context)} />}`);
  });
  app.get("/archives/:channel/:message", (context) => showPermalink(core, context));
  const file = (text: string, type: string) => (context: Context) =>
    context.body(text, 200, { "content-type": type, "cache-control": "no-cache" });
  app.get("/assets/slack.css", file(pageStyle, "text/css; charset=utf-8"));
  app.get("/assets/slack.js", file(pageScript, "text/javascript; charset=utf-8"));
  app.get("/favicon.ico", (context) => context.body(null, 204));
  app.get("/events", liveEvents(core));
  app.post(
    "/page/click",
    acting(core, clickSchema, (person, click) => sendClick(core, delivery, { person, click })),
  );
  app.post(
    "/page/submit",
    acting(core, submitSchema, (person, { view: id, inputs }) => {
      const view = viewOf(core, person, id);
      return submitView(core, delivery, { person, view, inputs });
    }),
  );
  app.post(
    "/page/close",
    acting(core, closeSchema, (person, { view }) =>
      closeView(core, delivery, { person, view: viewOf(core, person, view) }),
    ),
  );
  app.post(
    "/page/say",
    acting(core, saySchema, (person, said) => say(core, delivery, { person, said })),
  );
  return app;
}

const who = { user: z.string() };
const clickSchema = z.object({
  ...who,
  channel: z.string(),
  ts: z.string(),
  actionId: z.string(),
  blockId: z.exactOptional(z.string()),
  value: z.exactOptional(z.string()),
});
const submitSchema = z.object({ ...who, view: z.string(), inputs: z.record(z.string(), z.string()) });
const closeSchema = z.object({ ...who, view: z.string() });
const saySchema = z.object({ ...who, channel: z.string(), text: z.string().min(1).max(4000) });

function strictPolicy() {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", "https:"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
    referrerPolicy: "same-origin",
    xFrameOptions: "DENY",
  });
}

function readingOf(core: SlackCore, context: Context): Reading {
  const { user, channel, thread, before, tz } = context.req.query();
  const { directory } = core;
  const [somebody] = directory.people;
  const [somewhere] = directory.channels;
  const person = directory.person(user ?? "") ?? somebody;
  const place = directory.channel(channel ?? "") ?? somewhere;
  if (person === undefined || place === undefined)
    throw new Error("the workspace has no people or no channels");
  const zone = knownZone(tz, person.zone);
  const nowMs = core.clock();
  return { core, person, channel: place, threadTs: thread ?? null, before: before ?? null, zone, nowMs };
}

/** An address of `chat.getPermalink` leads to the message in its channel. */
function showPermalink(core: SlackCore, context: Context): Response {
  const channel = core.directory.channel(context.req.param("channel") ?? "");
  const digits = /^p(\d+)(\d{6})$/.exec(context.req.param("message") ?? "");
  if (channel === null || digits === null) return context.text("no such message", 404);
  const ts = `${digits[1]}.${digits[2]}`;
  const thread = context.req.query("thread_ts");
  const query = new URLSearchParams({ channel: channel.id, ...(thread === undefined ? {} : { thread }) });
  return context.redirect(`/?${query}#${thread === undefined ? "channel" : "thread"}-${ts}`, 302);
}

/** Takes what a person of the workspace does on the page; 204 once it is done, whatever the app said to it. */
function acting<Body extends Readonly<{ user: string }>>(
  core: SlackCore,
  schema: z.ZodType<Body>,
  act: (person: Person, body: Body) => unknown,
) {
  return async (context: Context): Promise<Response> => {
    const body = schema.safeParse(await context.req.json().catch(() => null));
    const person = body.success ? core.directory.person(body.data.user) : null;
    if (!body.success || person === null) return context.json({ error: "the request cannot be read" }, 400);
    try {
      await act(person, body.data);
      return context.body(null, 204);
    } catch (error) {
      if (!(error instanceof NoSuchAction)) throw error;
      return context.json({ error: error.message }, 404);
    }
  };
}

function viewOf(core: SlackCore, person: Person, id: string) {
  const view = core.views.of(person.id).find((each) => each.id === id);
  if (view === undefined) throw new NoSuchAction("this modal is not open any more");
  return view;
}

type Said = Readonly<{ person: Person; said: z.infer<typeof saySchema> }>;

async function say(core: SlackCore, delivery: AppDelivery, { person, said }: Said): Promise<void> {
  const command = /^(\/[a-z0-9_-]+)(?:\s+(.*))?$/s.exec(said.text.trim());
  const channel = core.directory.channel(said.channel);
  if (channel === null) throw new NoSuchAction(`there is no channel ${said.channel}`);
  if (command === null) {
    const text = said.text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    core.messages.post({ channel: channel.id, user: person.id, text });
    return;
  }
  const [, name = "", text = ""] = command;
  await sendCommand(core, delivery, { person, slash: { channel: channel.id, command: name, text } });
}
