import { z } from "zod";
import { activeElements, type ButtonElement } from "../../emulator/slack/block-kit.ts";
import type { Message } from "../../emulator/slack/message-log.ts";
import { signedHeaders } from "../../emulator/slack/signature.ts";
import type { Slack } from "../../emulator/slack/start-slack.ts";
import { type ChatAction, chatActionOf, chatActions } from "../../shared/domain/chat-buttons.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";

const name = "#deploys";
const lookEveryMs = 20;

/** A button as it once stood before people: its message may show another one, or none, by now. */
export type SeenButton = Readonly<{ message: Message; button: ButtonElement }>;

export type ChannelParts = Readonly<{
  slack: Slack;
  signingSecret: string;
  /** Where the app takes clicks, asked anew for each. */
  hook: () => string;
  signal: AbortSignal;
}>;

/** What the people in `#deploys` see and do: all through the workspace, nothing of Gantry's is asked. */
export class DeployChannel {
  readonly slack: Slack;
  readonly #signingSecret: string;
  readonly #hook: () => string;
  readonly #signal: AbortSignal;

  constructor({ slack, signingSecret, hook, signal }: ChannelParts) {
    this.slack = slack;
    this.#signingSecret = signingSecret;
    this.#hook = hook;
    this.#signal = signal;
  }

  /** All that Gantry said there, replies among it, oldest first. */
  get messages(): readonly Message[] {
    return this.slack.messages(name).filter(({ fromApp }) => fromApp);
  }

  /** The messages of one release that stand in the channel itself. */
  roots(release: ReleaseId): readonly Message[] {
    return this.messages.filter((message) => keyOf(message)?.startsWith(`${release}/root/`));
  }

  digests(): readonly Message[] {
    return this.messages.filter((message) => keyOf(message)?.startsWith("digest/"));
  }

  /** What the thread of a release tells, oldest first. */
  thread(release: ReleaseId): readonly Message[] {
    const roots = this.roots(release).map(({ ts }) => ts);
    return this.messages.filter(({ threadTs }) => threadTs !== null && roots.includes(threadTs));
  }

  /** What one person was told alone. */
  whispers(person: string): readonly string[] {
    return this.slack
      .as(person)
      .ephemerals(name)
      .map(({ text }) => text);
  }

  /** What is first found by looking again and again; undefined = not yet. Rejects with `what` when the time is up. */
  async until<T>(what: string, look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#signal.aborted) throw new Error(`nobody saw ${what} in ${name}`);
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  /** A button under the message of a release, once it is there. */
  button(release: ReleaseId, action: ChatAction): Promise<SeenButton> {
    return this.until(`a button to ${action} ${release}`, () =>
      this.roots(release)
        .flatMap((message) => buttonsOf(message).map((button) => ({ message, button })))
        .find(({ button }) => button.action_id === chatActions[action]),
    );
  }

  /** Somebody waits for a button, clicks it, and says yes to what it asks. */
  async click(person: string, release: ReleaseId, action: ChatAction): Promise<SeenButton> {
    const seen = await this.button(release, action);
    const { ts } = seen.message;
    await this.slack.as(person).click({ ts, channel: name, actionId: chatActions[action] });
    return seen;
  }

  /** The reason is typed into the dialog that the click opened. */
  async reject(person: string, release: ReleaseId, reason: string): Promise<void> {
    await this.click(person, release, "reject");
    const acting = this.slack.as(person);
    await this.until(`a dialog before ${person}`, () => acting.views().at(-1));
    await acting.submitView({ reason });
  }

  /**
   * A click on a button that a screen still shows though its message has changed since: signed and sent as Slack does,
   * with the button as it was. Answers when the person was told what came of it.
   */
  async clickSeen(person: string, { message, button }: SeenButton): Promise<string> {
    const { installation } = this.slack;
    const { id, name: user, teamId } = this.slack.as(person).person;
    const before = this.whispers(person).length;
    const payload = {
      type: "block_actions",
      user: { id, username: user, name: user, team_id: teamId },
      team: { id: installation.teamId, domain: installation.teamDomain },
      api_app_id: installation.appId,
      container: {
        type: "message",
        message_ts: message.ts,
        channel_id: message.channel,
        is_ephemeral: false,
      },
      channel: { id: message.channel, name: name.slice(1) },
      trigger_id: `${Date.now()}.0.seen`,
      actions: [{ ...button, block_id: "seen", action_ts: `${Date.now() / 1000}` }],
    };
    const rawBody = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    const timestamp = Math.floor(Date.now() / 1000);
    await this.#post({ rawBody, headers: signedHeaders(this.#signingSecret, { rawBody, timestamp }) });
    return this.until(`an answer to ${person} alone`, () => this.whispers(person)[before]);
  }

  /** The identical payload of somebody's last click once more, its signature and time as they were. */
  async replay(delivery: Signed): Promise<void> {
    await this.#post(delivery);
  }

  async #post({ rawBody, headers }: Signed): Promise<void> {
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await fetch(this.#hook(), {
      method: "POST",
      body: rawBody,
      headers: { ...type, ...headers },
    });
    if (answer.status !== 200) throw new Error(`a click was answered with ${answer.status}`);
  }
}

type Signed = Readonly<{ rawBody: string; headers: Readonly<Record<string, string>> }>;

/** The unseen key that Gantry gave a message; null = it gave none. */
export function keyOf({ metadata }: Message): string | null {
  const parsed = keyed.safeParse(metadata);
  return parsed.success ? parsed.data.event_payload.key : null;
}

const keyed = z.object({ event_payload: z.object({ key: z.string() }) });

/** The buttons of a message that change something. */
export function buttonsOf({ blocks }: Message): readonly ButtonElement[] {
  return blocks
    .flatMap((block) => activeElements(block))
    .filter((element) => element.type === "button")
    .filter(({ action_id }) => chatActionOf(action_id ?? "") !== "console");
}
