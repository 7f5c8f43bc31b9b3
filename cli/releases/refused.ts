import { refusalShape } from "../api-shapes.ts";
import { Complaint } from "../complaint.ts";
import { formatTime } from "../local-time.ts";
import { harmless } from "../output.ts";
import type { Session } from "../server-session.ts";
import { padded } from "../service-text.ts";

/** What was asked for; where the id is that of a refused request, shows the refusal and gives null. */
export async function orRefusal<T>(session: Session, id: string, ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Complaint) || error.text.code !== "release-refused") throw error;
    await showRefusal(session, id);
    return null;
  }
}

async function showRefusal({ api, out, io }: Session, id: string): Promise<void> {
  const refusal = await api.get(`/refusals/${encodeURIComponent(id)}`, refusalShape);
  if (out.isJson) return out.json({ refusal });
  const { tag, repository, message, code, at, requestedBy, problems } = refusal;
  const rows = [
    ["Request", id],
    ["Requested", `${formatTime(at, io)} by ${requestedBy}`],
    ["Traffic", "Unchanged: nothing was built or deployed."],
    ["Why", `${message} (${code})`],
    ...problems.map((problem, index) => [index === 0 ? "Problems" : "", problem]),
    ["Next", "gantry validate   # then push the corrected commit under a new tag"],
  ];
  const shown = rows.map(([name = "", value = ""]) => [name, harmless(value)]);
  out.line(`${out.paint.bold(harmless(`${tag} of ${repository} was refused.`))}\n${padded(shown)}`);
}
