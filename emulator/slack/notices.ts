/** What Slack shows one person beside a message after a click. */
export type Notice = Readonly<{ tone: "quiet" | "warning"; text: string }>;

/** The last notice at each message, for each person. They live as long as the process. */
export class Notices {
  readonly #notices = new Map<string, Notice>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  show(user: string, ts: string, notice: Notice): void {
    this.#notices.set(`${user} ${ts}`, notice);
    this.#changed();
  }

  of(user: string, ts: string): Notice | null {
    return this.#notices.get(`${user} ${ts}`) ?? null;
  }
}
