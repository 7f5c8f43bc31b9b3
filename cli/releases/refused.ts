import { refusalShape, type ShownRefusal } from "../api-shapes.ts";
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

/** What to type after a refusal: a mended commit helps only where the commit was to blame. */
export function afterRefusal({ code, tag, problems }: ShownRefusal): readonly string[] {
  if (code === "tag-not-found") return [`git push origin ${tag}`, `gantry deploy ${tag}`];
  if (code === "repository-invalid") return [`gantry deploy ${tag} --repository OWNER/NAME`];
  if (code === "frozen")
    return [
      `gantry deploy ${tag}   # when the freeze is over: gantry freeze list`,
      `gantry deploy ${tag} --despite-freeze REASON`,
    ];
  if (problems.length === 0 && code !== "config-missing")
    return [`gantry deploy ${tag}   # once that is mended`];
  return ["gantry validate", "git push origin NEXT_TAG   # the corrected commit under a new tag"];
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
    ...afterRefusal(refusal).map((command, index) => [index === 0 ? "Next" : "", command]),
  ];
  const shown = rows.map(([name = "", value = ""]) => [name, harmless(value)]);
  out.line(`${out.paint.bold(harmless(`${tag} of ${repository} was refused.`))}\n${padded(shown)}`);
}
