import type { CloudRunTimings } from "../../emulator/run/timings.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";
import type { EndStatus } from "../../shared/domain/words.ts";
import type { GoogleGantryOptions } from "./google-gantry.ts";
import type { Stage } from "./stage.ts";

/** How the world of a scenario differs from the usual one. */
export type Setting = Readonly<{
  /** True = nothing was ever released: the service does not exist. */
  bare?: boolean;
  /** Gantry in a process of its own, which can be killed. */
  gantry?: "here" | "child";
  /** Sections of `gantry.yaml` in place of the usual ones. */
  config?: Readonly<Record<string, object>>;
  /** Who clicks "Approve" for the release before the scenario, where `config` asks for approval. */
  approvedBy?: readonly string[];
  /** True = Gantry looks every second for tags whose webhook was lost. */
  findsTags?: boolean;
  timings?: Partial<CloudRunTimings>;
  deadlineMs?: number;
  /** Keys of `gantry.server.yaml` in place of the usual ones; `undefined` leaves one out. */
  server?: Readonly<Record<string, unknown>>;
  /** The file of the command line that a Gantry in a process of its own runs at its next start; without it, this very program. */
  program?: () => string;
  /** What becomes of each push to a function, on Google's engine. */
  pushes?: Pick<GoogleGantryOptions, "disturb" | "onDelivery" | "ackDeadlineMs">;
  /** Instances of each function, on Google's engine; one unless told otherwise. */
  instances?: number;
  /** As in `gantry.server.yaml`, on Google's engine. */
  lease?: string;
}>;

/** Who has all traffic in the end; `split` = the scenario judges by itself. */
export type LiveInTheEnd = "stable" | "candidate" | "split";

/** One rehearsal, as data. */
export type Scenario = Readonly<{
  name: string;
  /** One sentence: what goes wrong, and what Gantry makes of it. */
  story: string;
  /** The status words of the releases, joined with `+` in the order in which they were asked for. */
  expected: Outcome;
  live: LiveInTheEnd;
  /** True where users may meet failures, because the candidate fails under their traffic. */
  usersMayFail?: boolean;
  setting?: Setting;
  /** Plays it to its end and names the releases that it was about. */
  play: (stage: Stage) => Promise<readonly ReleaseId[]>;
  /** What is not as it should be, beyond what is looked at in every scenario. */
  check?: (stage: Stage, releases: readonly ReleaseId[]) => Promise<readonly string[]> | readonly string[];
}>;

type Word = EndStatus | "held";
type Outcome = Word | `${Word}+${Word}`;
