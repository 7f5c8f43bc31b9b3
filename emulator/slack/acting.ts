import type { AppDelivery, Delivery } from "./app-delivery.ts";
import { type Click, NoSuchAction, sendClick, sendCommand } from "./interaction.ts";
import type { Message } from "./message-log.ts";
import type { OpenView } from "./modal-views.ts";
import type { SlackCore } from "./slack-core.ts";
import { type Inputs, submitView } from "./view-submission.ts";
import type { Person } from "./workspace.ts";

/** One person at the keyboard: what the page does for a click, without a browser. */
export type Acting = Readonly<{
  person: Person;
  /** Clicks a button, its confirmation given; `channel` defaults to the one in which the message is. */
  click(click: Omit<Click, "channel"> & Readonly<{ channel?: string }>): Promise<Delivery>;
  /** Sends the topmost modal, by action id what was put in; null when an input is refused before it is sent. */
  submitView(inputs: Inputs): Promise<Delivery | null>;
  /** Types `/gantry TEXT` into a channel, `#deploys` unless another is named. */
  slash(text: string, place?: Readonly<{ channel?: string; command?: string }>): Promise<Delivery>;
  /** The messages in a channel that only this person sees, oldest first. */
  ephemerals(channel: string): readonly Message[];
  /** The modals that stand open before this person, the topmost last. */
  views(): readonly OpenView[];
}>;

/** @throws NoSuchAction when there is no such person. */
export function actingAs(core: SlackCore, delivery: AppDelivery, name: string): Acting {
  const person = core.directory.person(name);
  if (person === null) throw new NoSuchAction(`there is nobody called ${name}`);
  return {
    person,
    click: async (click) =>
      sendClick(core, delivery, {
        person,
        click: { ...click, channel: click.channel ?? channelOf(core, click.ts) },
      }),
    submitView: async (inputs) => {
      const view = core.views.of(person.id).at(-1);
      if (view === undefined) throw new NoSuchAction(`no modal is open before ${name}`);
      return submitView(core, delivery, { person, view, inputs });
    },
    slash: async (text, { channel = "#deploys", command = "/gantry" } = {}) =>
      sendCommand(core, delivery, { person, slash: { channel, command, text } }),
    ephemerals: (channel) =>
      core.messages.all(channelId(core, channel)).filter(({ onlyFor }) => onlyFor === person.id),
    views: () => core.views.of(person.id),
  };
}

/** The id of a channel that is named. @throws NoSuchAction when there is none. */
export function channelId(core: SlackCore, name: string): string {
  const channel = core.directory.channel(name);
  if (channel === null) throw new NoSuchAction(`there is no channel ${name}`);
  return channel.id;
}

function channelOf({ directory, messages }: SlackCore, ts: string): string {
  const channel = directory.channels.find(({ id }) => messages.find(id, ts) !== null);
  if (channel === undefined) throw new NoSuchAction(`there is no message ${ts}`);
  return channel.id;
}
