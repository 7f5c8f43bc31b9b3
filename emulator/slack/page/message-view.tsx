import type { Message } from "../message-log.ts";
import { BlockView } from "./block-view.tsx";
import { formatDate } from "./date-markup.ts";
import { emojiFor } from "./emoji.ts";
import { pageLink, type Reading } from "./reading.ts";
import { Drawn, RichText } from "./rich-text.tsx";

type Props = Readonly<{
  message: Message;
  reading: Reading;
  /** Tells the message in the thread's pane from the same one in the channel. */
  place: "channel" | "thread";
}>;

/** One message: who, when, its blocks (or its text, when it has none), and what hangs on it. */
export function MessageView({ message, reading, place }: Props) {
  const { ts, blocks, text, onlyFor, broadcast } = message;
  const notice = reading.core.notices.of(reading.person.id, ts);
  return (
    <article
      class="message"
      id={`${place}-${ts}`}
      data-ts={ts}
      aria-label={`Message of ${authorOf(message, reading)}`}
    >
      {onlyFor !== null && <small class="only-you">Only visible to you</small>}
      {broadcast && place === "channel" && <ThreadOrigin message={message} reading={reading} />}
      <MessageHead message={message} reading={reading} />
      {blocks.length === 0 ? (
        <div>
          <RichText of={text} reading={reading} />
        </div>
      ) : (
        blocks.map((block) => <BlockView block={block} reading={reading} within={ts} place={place} />)
      )}
      <Reactions message={message} />
      <div class="foot">
        {place === "channel" && <RepliesLink message={message} reading={reading} />}
        {message.editedTs !== null && <small class="edited">(edited)</small>}
        {notice !== null && (
          <small class={`notice ${notice.tone}`}>
            <Drawn text={notice.tone === "warning" ? `⚠️ ${notice.text}` : notice.text} />
          </small>
        )}
      </div>
    </article>
  );
}

function authorOf({ user }: Message, { core }: Reading): string {
  return core.directory.person(user)?.realName ?? user;
}

function MessageHead({ message, reading }: Omit<Props, "place">) {
  const atMs = Number(message.ts) * 1000;
  return (
    <p class="head">
      <strong>{authorOf(message, reading)}</strong>
      {message.fromApp && <span class="badge">APP</span>}
      <time
        datetime={new Date(atMs).toISOString()}
        title={formatDate(atMs, "{date_long} at {time_secs}", reading)}
      >
        {formatDate(atMs, "{time}", reading)}
      </time>
    </p>
  );
}

function ThreadOrigin({ message, reading }: Omit<Props, "place">) {
  if (message.threadTs === null) return null;
  return (
    <small>
      replied to <a href={pageLink(reading, { thread: message.threadTs })}>a thread</a>
    </small>
  );
}

function Reactions({ message }: Readonly<{ message: Message }>) {
  if (message.reactions.length === 0) return null;
  return (
    <p class="reactions">
      {message.reactions.map(({ name, users }) => (
        <span title={`:${name}:`}>
          <Drawn text={`${emojiFor(name)} ${users.length}`} />
        </span>
      ))}
    </p>
  );
}

function RepliesLink({ message, reading }: Omit<Props, "place">) {
  const count = reading.core.messages.replies(message).length;
  if (count === 0) return null;
  return (
    <a class="replies" href={pageLink(reading, { thread: message.ts })}>
      {count === 1 ? "1 reply" : `${count} replies`}
    </a>
  );
}
