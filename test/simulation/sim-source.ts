import type { CommitSha } from "../../shared/domain/ids.ts";
import { AppError } from "../../shared/ports/app-error.ts";
import type { SourcePort } from "../../shared/ports/source.ts";
import type { SimProcess, Surroundings } from "./sim-process.ts";

type Commit = Readonly<{ sha: CommitSha; files: Readonly<Record<string, string>> }>;

/** The git host: repositories with tags, commits and files. */
export class SimGit {
  isAway = false;
  readonly #world: Surroundings;
  readonly #tags = new Map<string, CommitSha>();
  readonly #commits = new Map<string, Commit>();

  constructor(world: Surroundings) {
    this.#world = world;
  }

  push(params: Readonly<{ repository: string; tag: string; commit: Commit }>): void {
    const { repository, tag, commit } = params;
    this.#tags.set(`${repository}@${tag}`, commit.sha);
    this.#commits.set(`${repository}@${commit.sha}`, commit);
  }

  port(process: SimProcess): SourcePort {
    const ask = <T>(effect: () => T): Promise<T> => {
      const { callFails, callSlow: slow } = this.#world.faults;
      const fails = this.isAway ? 1 : callFails;
      return process.call({ effect, lost: unavailable, fails, replyLost: 0, slow });
    };
    const commitOf = (repository: string, commit: string) => this.#commits.get(`${repository}@${commit}`);
    return {
      resolveTag: ({ repository, tag }) => ask(() => this.#tags.get(`${repository}@${tag}`) ?? null),
      readFile: ({ repository, commit, path }) =>
        ask(() => commitOf(repository, commit)?.files[path] ?? null),
      listTags: ({ repository }) =>
        ask(() => {
          const own = [...this.#tags].filter(([key]) => key.startsWith(`${repository}@`));
          const tags = own.map(([key, object]) => ({ name: key.slice(repository.length + 1), object }));
          return { tags, etag: null };
        }),
      committedAt: ({ repository, commit }) => ask(() => (commitOf(repository, commit) ? 0 : null)),
      isOnBranch: () => ask(() => true),
      cloneUrl: (repository) => `https://git.sim.test/${repository}.git`,
    };
  }
}

function unavailable(): AppError {
  return new AppError({
    code: "source-unavailable",
    message: "502 Bad Gateway (simulated)",
    transient: true,
  });
}
