/** What kind of account somebody has; it decides what `users.info` says of them. */
export type PersonKind = "member" | "guest" | "deactivated" | "stranger" | "bot";

/** Somebody who may look at a channel. A `stranger` belongs to another workspace and shares a channel with this one. */
export type Person = Readonly<{
  id: string;
  /** Without `@`. */
  name: string;
  realName: string;
  email: string;
  /** IANA name, as in the profile. */
  zone: string;
  kind: PersonKind;
  teamId: string;
}>;

export type Channel = Readonly<{
  id: string;
  /** Without `#`. */
  name: string;
  isArchived: boolean;
  /** Ids of people and of the bot. */
  members: readonly string[];
}>;

export type UserGroup = Readonly<{
  id: string;
  /** Without `@`. */
  handle: string;
  name: string;
  users: readonly string[];
}>;

/** Who and what the workspace begins with. */
export type WorkspaceSeed = Readonly<{
  people: readonly Person[];
  channels: readonly Channel[];
  userGroups: readonly UserGroup[];
}>;

/** The ids that this workspace and the one app in it have. */
export type Installation = Readonly<{
  teamId: string;
  teamName: string;
  teamDomain: string;
  appId: string;
  appName: string;
  botUserId: string;
  botId: string;
}>;

const otherTeam = "T0OTHER00";

/** Maya and Lee may approve, Robin wrote the demo's commits; the other three are those who must be turned away. */
export function seededWorkspace({ teamId, botUserId }: Installation): WorkspaceSeed {
  const person = (id: string, name: string, realName: string, rest: Partial<Person> = {}): Person => ({
    id,
    name,
    realName,
    email: `${name}@perkie.example`,
    zone: "Europe/Berlin",
    kind: "member",
    teamId,
    ...rest,
  });
  const people = [
    person("U0MAYA000", "maya", "Maya Marten"),
    person("U0ROBIN00", "robin", "Robin Rivera", { zone: "America/New_York" }),
    person("U0LEE0000", "lee", "Lee Lindqvist"),
    person("U0GUEST00", "guest", "Gil Guest", { kind: "guest" }),
    person("U0GONE000", "gone", "Gwen Gone", { kind: "deactivated" }),
    person("U0STRANGE", "sam", "Sam Stranger", { kind: "stranger", teamId: otherTeam }),
  ];
  const everybody = people.map(({ id }) => id);
  const members = people.filter(({ kind }) => kind === "member").map(({ id }) => id);
  return {
    people,
    channels: [
      { id: "C0DEPLOYS", name: "deploys", isArchived: false, members: [...everybody, botUserId] },
      { id: "C0RANDOM0", name: "random", isArchived: false, members },
      { id: "C0ARCHIVE", name: "old-deploys", isArchived: true, members: [...members, botUserId] },
    ],
    userGroups: [
      {
        id: "S0MLONCAL",
        handle: "ml-oncall",
        name: "ML on call",
        users: ["U0MAYA000", "U0LEE0000"],
      },
    ],
  };
}

/** Looks people, channels and groups up by id or by the name that a person would type. */
export class Directory {
  readonly people: readonly Person[];
  readonly channels: readonly Channel[];
  readonly userGroups: readonly UserGroup[];

  constructor(seed: WorkspaceSeed, { appName, botUserId, teamId }: Installation) {
    const bot: Person = {
      id: botUserId,
      name: appName.toLowerCase(),
      realName: appName,
      email: "",
      zone: "Etc/UTC",
      kind: "bot",
      teamId,
    };
    this.people = [...seed.people, bot];
    this.channels = seed.channels;
    this.userGroups = seed.userGroups;
  }

  /** By id, `name` or `@name`. */
  person(reference: string): Person | null {
    const name = reference.replace(/^@/, "");
    return this.people.find((each) => each.id === reference || each.name === name) ?? null;
  }

  /** By id, `name` or `#name`. */
  channel(reference: string): Channel | null {
    const name = reference.replace(/^#/, "");
    return this.channels.find((each) => each.id === reference || each.name === name) ?? null;
  }

  /** By id, `handle` or `@handle`. */
  userGroup(reference: string): UserGroup | null {
    const handle = reference.replace(/^@/, "");
    return this.userGroups.find((each) => each.id === reference || each.handle === handle) ?? null;
  }
}
