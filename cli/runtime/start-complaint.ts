import { AppError } from "../../shared/ports/app-error.ts";
import { Complaint, nothingChanged } from "../complaint.ts";

/** How the verb that could not start is typed again: on another port, and with another state. */
export type StartAdvice = Readonly<{
  otherPort: (port: number) => string;
  otherState: string;
}>;

const portCodes = new Set(["EADDRINUSE", "EACCES", "EADDRNOTAVAIL", "ERR_SOCKET_BAD_PORT"]);

/** Codes of the file system that mean: nothing can be kept there. */
const folderCodes = new Set(["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "ENOTDIR", "EEXIST", "EISDIR"]);

const firstOtherPort = 4700;

/** What a person is told when Gantry cannot start for a reason outside of it; null = it is a bug. */
export function startComplaint(error: unknown, advice: StartAdvice): Complaint | null {
  if (error instanceof AppError) return stateComplaint(error, advice);
  if (!(error instanceof Error && "code" in error && typeof error.code === "string")) return null;
  const isListening =
    error.code === "ERR_SOCKET_BAD_PORT" || ("syscall" in error && error.syscall === "listen");
  if (isListening && portCodes.has(error.code)) return portComplaint(error, advice);
  return folderCodes.has(error.code) ? folderComplaint(error, advice) : null;
}

function portComplaint(error: Error, { otherPort }: StartAdvice): Complaint {
  const port = "port" in error && typeof error.port === "number" ? error.port : null;
  const isTaken = "code" in error && error.code === "EADDRINUSE";
  const named = port === null ? "A port" : `Port ${port}`;
  const next = port !== null && port >= firstOtherPort && port < 60_000 ? port + 100 : firstOtherPort;
  return new Complaint({
    code: "port-unusable",
    happened: `Gantry does not start: ${named} ${isTaken ? "is taken" : "cannot be used"}`,
    traffic: nothingChanged,
    why: isTaken ? "Another program listens there, perhaps another Gantry." : error.message,
    next: [otherPort(next)],
  });
}

function stateComplaint(error: AppError, { otherState }: StartAdvice): Complaint | null {
  const { code, message, context } = error;
  if (code === "state-newer") return newerComplaint(error, otherState);
  if (code !== "store-locked" && code !== "store-unavailable") return null;
  const isLocked = code === "store-locked";
  const pid = context["pid"];
  return new Complaint({
    code,
    happened: `Gantry does not start: its state ${isLocked ? "is in use" : "cannot be read or written"}`,
    traffic: nothingChanged,
    why: message,
    next: [
      ...(isLocked ? ["gantry status   # asks the one that runs"] : []),
      ...(typeof pid === "number"
        ? [`kill ${pid}   # stops it; what is under way goes on at the next start`]
        : []),
      otherState,
    ],
  });
}

function newerComplaint({ code, message, context }: AppError, otherState: string): Complaint {
  return new Complaint({
    code,
    happened: "Gantry does not start: a newer Gantry wrote its state",
    traffic: nothingChanged,
    why: message,
    next: [
      "npx gantry --version   # then start the newer one, which goes on with it",
      `gantry rollback ${context["service"] ?? "SERVICE"} --direct   # the traffic, with any version`,
      otherState,
    ],
  });
}

function folderComplaint({ message }: Error, { otherState }: StartAdvice): Complaint {
  return new Complaint({
    code: "store-unavailable",
    happened: "Gantry does not start: the folder of its state cannot be written",
    traffic: nothingChanged,
    why: message,
    next: [otherState],
  });
}

/** Waits for the start; what a person can mend is thrown as a complaint. */
export async function startOrComplain<T>(advice: StartAdvice, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    throw startComplaint(error, advice) ?? error;
  }
}
