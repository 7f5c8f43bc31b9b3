import { parseServiceKey } from "../shared/domain/ids.ts";
import { servicesShape } from "./api-shapes.ts";
import { Complaint, nothingChanged, usageComplaint } from "./complaint.ts";
import type { Session } from "./server-session.ts";

/** `project/region/name` as it stands, or the one service that has this name. Throws a complaint that lists them. */
export async function serviceKeyFor({ api }: Session, text: string): Promise<string> {
  if (parseServiceKey(text) !== null) return text;
  const { services } = await api.get("/services", servicesShape);
  const found = services.filter(({ name, key }) => name === text || key === text);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.key;
  if (found.length > 1) {
    throw usageComplaint({
      code: "service-ambiguous",
      happened: `${found.length} services are called "${text}"`,
      why: "Name one as project/region/name.",
      next: found.map(({ key }) => `gantry status ${key}`),
    });
  }
  throw new Complaint({
    code: "service-not-found",
    happened: `There is no service "${text}"`,
    traffic: nothingChanged,
    why: services.length === 0 ? "Gantry looks after no service yet." : `Gantry knows: ${listed(services)}.`,
    next: services.length === 0 ? ["gantry deploy TAG"] : ["gantry status"],
  });
}

function listed(services: readonly Readonly<{ key: string }>[]): string {
  const shown = services.slice(0, 10).map(({ key }) => key);
  const rest = services.length - shown.length;
  return rest === 0 ? shown.join(", ") : `${shown.join(", ")} and ${rest} more`;
}

/** The path of a service below `/services`, each part encoded. */
export function servicePath(key: string): string {
  return `/services/${key.split("/").map(encodeURIComponent).join("/")}`;
}
