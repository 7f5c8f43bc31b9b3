/** A repository as Cloud Build knows it: `projects/P/locations/R/connections/C/repositories/N`. */
export type ConnectedRepository = Readonly<{
  name: string;
  project: string;
  region: string;
  connection: string;
  repository: string; // its id there, which need not be its name on GitHub
}>;

/** The parts of a full name; null = it is none. No connection lies in `global`. */
export function connectedRepository(name: string): ConnectedRepository | null {
  const form =
    /^projects\/([a-z0-9.:-]+)\/locations\/([a-z]+-[a-z]+[0-9]+)\/connections\/([A-Za-z0-9._-]+)\/repositories\/([A-Za-z0-9._-]+)$/;
  const [, project = "", region = "", connection = "", repository = ""] = form.exec(name) ?? [];
  return project === "" ? null : { name, project, region, connection, repository };
}

/** Where the builds of a source run: in the region of its connection, for no other can read it; null = anywhere. */
export function buildRegionOf({ connection }: Readonly<{ connection?: string }>): string | null {
  return connection === undefined ? null : (connectedRepository(connection)?.region ?? null);
}
