import { type Commit, readCommits, readRefs } from "./commit-reading.ts";

/** One ref that a push moved, as the post-receive hook reads it. */
export type RefUpdate = Readonly<{ before: string; after: string; ref: string }>;

/** One webhook that GitHub would send: the name of the event and its payload. */
export type WebhookEvent = Readonly<{ event: "push" | "create" | "delete"; payload: object }>;

/** Where the repository lies and under which address people see it. */
export type RepositoryPlace = Readonly<{ fullName: string; directory: string; baseUrl: string }>;

const nothing = "0".repeat(40);
const mostTagsAtOnce = 3;
const mostCommits = 2048;

/**
 * The events of one push, in GitHub's shape. As GitHub does, it makes none for tags when more than three are pushed
 * at once (docs.github.com, webhook events and payloads: create, delete, push).
 */
export async function pushEvents(
  place: RepositoryPlace,
  updates: readonly RefUpdate[],
): Promise<readonly WebhookEvent[]> {
  const tags = updates.filter(({ ref }) => ref.startsWith("refs/tags/"));
  const told = tags.length > mostTagsAtOnce ? updates.filter((update) => !tags.includes(update)) : updates;
  const events: WebhookEvent[] = [];
  for (const update of told) {
    events.push({ event: "push", payload: await pushPayload(place, update) });
    if (update.before === nothing) events.push({ event: "create", payload: refPayload(place, update) });
    if (update.after === nothing) events.push({ event: "delete", payload: refPayload(place, update) });
  }
  return events;
}

async function pushPayload(place: RepositoryPlace, update: RefUpdate): Promise<object> {
  const { ref, before, after } = update;
  const created = before === nothing;
  const deleted = after === nothing;
  const head = deleted ? undefined : (await readCommits(place.directory, "-1", after))[0];
  const commits = await newCommits(place, update);
  const shortRef = ref.replace(/^refs\/(heads|tags)\//, "");
  const compared = created || deleted ? shortRef : `${before.slice(0, 12)}...${after.slice(0, 12)}`;
  return {
    ref,
    before,
    after,
    repository: repositoryPayload(place),
    pusher: { name: "local", email: "local@gantry.invalid" },
    sender: sender(),
    created,
    deleted,
    forced: !created && !deleted && !(await isAncestor(place.directory, before, after)),
    base_ref:
      head === undefined || !ref.startsWith("refs/tags/") ? null : await branchAt(place.directory, head.id),
    compare: `${place.baseUrl}/${place.fullName}/compare/${compared}`,
    commits: commits.map((commit) => commitPayload(place, commit)),
    head_commit: head === undefined ? null : commitPayload(place, head),
  };
}

async function newCommits(
  place: RepositoryPlace,
  { ref, before, after }: RefUpdate,
): Promise<readonly Commit[]> {
  if (!ref.startsWith("refs/heads/") || after === nothing) return [];
  const range = before === nothing ? [after] : [`${before}..${after}`];
  const commits = await readCommits(place.directory, `-${mostCommits}`, ...range);
  return [...commits].reverse();
}

async function isAncestor(directory: string, before: string, after: string): Promise<boolean> {
  const left = await readCommits(directory, "-1", `${after}..${before}`).catch(() => []);
  return left.length === 0;
}

async function branchAt(directory: string, commit: string): Promise<string | null> {
  const branches = await readRefs(directory, "refs/heads/");
  return branches.find((branch) => branch.commit === commit)?.name ?? null;
}

function commitPayload(place: RepositoryPlace, commit: Commit): object {
  const person = ({ name, email }: Commit["author"]) => ({ name, email, username: name });
  const paths = (status: string) =>
    commit.changes.filter((change) => change.status === status).map((change) => change.path);
  return {
    id: commit.id,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: commit.committer.date,
    url: `${place.baseUrl}/${place.fullName}/commit/${commit.id}`,
    author: person(commit.author),
    committer: person(commit.committer),
    added: paths("A"),
    removed: paths("D"),
    modified: paths("M"),
  };
}

function refPayload(place: RepositoryPlace, { ref }: RefUpdate): object {
  return {
    ref: ref.replace(/^refs\/(heads|tags)\//, ""),
    ref_type: ref.startsWith("refs/tags/") ? "tag" : "branch",
    master_branch: "main",
    description: null,
    pusher_type: "user",
    repository: repositoryPayload(place),
    sender: sender(),
  };
}

/** A repository as GitHub shows it in webhooks and over REST. */
export function repositoryPayload({ fullName, baseUrl }: RepositoryPlace): object {
  const [owner = "", name = ""] = fullName.split("/");
  return {
    id: numberOf(fullName),
    name,
    full_name: fullName,
    private: true,
    owner: { name: owner, login: owner, id: numberOf(owner), type: "Organization" },
    html_url: `${baseUrl}/${fullName}`,
    url: `${baseUrl}/repos/${fullName}`,
    clone_url: `${baseUrl}/${fullName}.git`,
    git_url: `${baseUrl}/${fullName}.git`,
    default_branch: "main",
    master_branch: "main",
    visibility: "private",
    archived: false,
    disabled: false,
  };
}

function sender(): object {
  return { login: "local", id: numberOf("local"), type: "User", site_admin: false };
}

/** A number for a name that stays the same, where GitHub would have given it an id. */
function numberOf(name: string): number {
  return [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_000_007, 7);
}
