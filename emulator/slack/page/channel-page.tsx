import type { Message } from "../message-log.ts";
import type { PersonKind } from "../workspace.ts";
import { MessageView } from "./message-view.tsx";
import { ModalView } from "./modal-view.tsx";
import { pageLink, type Reading } from "./reading.ts";

const shown = 100;

const kindWords: Readonly<Record<PersonKind, string>> = {
  member: "",
  guest: " (guest)",
  deactivated: " (deactivated)",
  stranger: " (other workspace)",
  bot: " (app)",
};

/** The whole page: channels, messages, a thread when one is open, the composer, and the dialogs. */
export function ChannelPage({ reading }: Readonly<{ reading: Reading }>) {
  const { channel, person } = reading;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`#${channel.name} · Local Slack`}</title>
        <link rel="stylesheet" href="/assets/slack.css" />
        <script src="/assets/slack.js" defer />
      </head>
      <body data-user={person.id} data-channel={channel.id} data-zone={reading.zone}>
        <PageHead reading={reading} />
        <FaultStrip reading={reading} />
        <noscript>
          <p class="strip">Buttons and live messages need JavaScript.</p>
        </noscript>
        <div class="panes">
          <main>
            <MessageList reading={reading} />
            <Composer reading={reading} />
            <FaultSwitchList reading={reading} />
          </main>
          <ThreadPane reading={reading} />
        </div>
        <div id="modal-slot">
          <TopModal reading={reading} />
        </div>
        <dialog id="confirm" aria-label="Are you sure?" />
      </body>
    </html>
  );
}

function PageHead({ reading }: Readonly<{ reading: Reading }>) {
  const { core, channel, person } = reading;
  const visible = core.directory.channels.filter(
    ({ members }) => person.kind === "member" || members.includes(person.id),
  );
  return (
    <header>
      <strong>{core.installation.teamName}</strong>
      <nav aria-label="Channels">
        {visible.map(({ id, name, isArchived }) => (
          <a href={pageLink(reading, { channel: id })} aria-current={id === channel.id ? "page" : undefined}>
            {isArchived ? `#${name} (archived)` : `#${name}`}
          </a>
        ))}
      </nav>
      <span id="link-state" role="status" />
      <PersonSwitch reading={reading} />
    </header>
  );
}

function PersonSwitch({ reading }: Readonly<{ reading: Reading }>) {
  const people = reading.core.directory.people.filter(({ kind }) => kind !== "bot");
  return (
    <form id="person-switch" method="get" action="/">
      <input type="hidden" name="channel" value={reading.channel.id} />
      <label>
        You are{" "}
        <select name="user">
          {people.map(({ id, name, kind }) => (
            <option value={id} selected={id === reading.person.id}>
              {`@${name}${kindWords[kind]}`}
            </option>
          ))}
        </select>
      </label>
      <noscript>
        <button type="submit">Switch</button>
      </noscript>
    </form>
  );
}

function FaultStrip({ reading }: Readonly<{ reading: Reading }>) {
  const on = Object.keys(reading.core.faults.list());
  return (
    <div id="faults" data-live="" role="status">
      {on.length > 0 && <p class="strip">{`Switched on: ${on.join(", ")}`}</p>}
    </div>
  );
}

/** What can be made to go wrong; outside of what is swapped, so that it stays open. */
function FaultSwitchList({ reading }: Readonly<{ reading: Reading }>) {
  const { faults } = reading.core;
  return (
    <details class="switches">
      <summary>Make Slack misbehave</summary>
      {faults.names.map((name) => (
        <label>
          <input type="checkbox" data-fault={name} checked={faults.isOn(name)} /> {name}
        </label>
      ))}
    </details>
  );
}

function MessageList({ reading }: Readonly<{ reading: Reading }>) {
  const { core, channel, before } = reading;
  const all = core.messages.all(channel.id).filter((message) => standsInChannel(message, reading));
  const upTo = before === null ? all : all.filter(({ ts }) => Number(ts) < Number(before));
  const page = upTo.slice(-shown);
  const first = page[0];
  return (
    <div id="messages" data-live="" role="log" aria-label={`Messages in #${channel.name}`}>
      {before !== null && <a href={pageLink(reading, {})}>Newest messages</a>}
      {first !== undefined && upTo.length > page.length && (
        <a href={pageLink(reading, { before: first.ts })}>Older messages</a>
      )}
      {page.length === 0 && <p class="quiet">{`Nothing has been said in #${channel.name} yet.`}</p>}
      {page.map((message) => (
        <MessageView message={message} reading={reading} place="channel" />
      ))}
    </div>
  );
}

function standsInChannel(message: Message, { person }: Reading): boolean {
  const forReader = message.onlyFor === null || message.onlyFor === person.id;
  return forReader && (message.threadTs === null || message.broadcast);
}

function ThreadPane({ reading }: Readonly<{ reading: Reading }>) {
  const { core, channel, threadTs, person } = reading;
  const root = threadTs === null ? null : core.messages.find(channel.id, threadTs);
  const thread = core.messages
    .all(channel.id)
    .filter((each) => each.threadTs === root?.ts && (each.onlyFor ?? person.id) === person.id);
  return (
    <aside id="thread" data-live="" aria-label="Thread" hidden={root === null}>
      {root !== null && (
        <>
          <p class="head">
            <strong>Thread</strong> <a href={pageLink(reading, { thread: null })}>Close</a>
          </p>
          {[root, ...thread].map((message) => (
            <MessageView message={message} reading={reading} place="thread" />
          ))}
        </>
      )}
    </aside>
  );
}

function Composer({ reading }: Readonly<{ reading: Reading }>) {
  const { channel, person } = reading;
  const closed = channel.isArchived
    ? `#${channel.name} is archived`
    : person.kind === "deactivated"
      ? "This account is deactivated"
      : null;
  return (
    <form id="composer">
      <input
        type="text"
        name="text"
        autocomplete="off"
        aria-label={`Message #${channel.name}`}
        placeholder={closed ?? `Message #${channel.name}, or /gantry status`}
        disabled={closed !== null}
      />
      <button type="submit" disabled={closed !== null}>
        Send
      </button>
    </form>
  );
}

function TopModal({ reading }: Readonly<{ reading: Reading }>) {
  const view = reading.core.views.of(reading.person.id).at(-1);
  return view === undefined ? null : <ModalView view={view} reading={reading} />;
}
