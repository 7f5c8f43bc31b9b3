/** What the exit code of a command says; the same in every verb, so that scripts can rely on it. */
export const exitCodes = {
  done: 0,
  failed: 1,
  cancelled: 2,
  rolledBack: 3,
  signInNeeded: 4,
  stillWaiting: 8,
  usage: 64,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** One line for each code, for help and reference. */
export const exitCodeMeanings: readonly (readonly [ExitCode, string])[] = [
  [exitCodes.done, "done; a release that was followed is live"],
  [exitCodes.failed, "failed"],
  [exitCodes.cancelled, "cancelled, rejected or superseded"],
  [exitCodes.rolledBack, "rolled back"],
  [exitCodes.signInNeeded, "sign-in needed: the token is missing, unknown or may not do this"],
  [exitCodes.stillWaiting, "still waiting when --timeout ended"],
  [exitCodes.usage, "wrong usage: nothing was asked of the server"],
  [exitCodes.interrupted, "interrupted from the keyboard"],
];
