/** A package that Debian no longer has. `now` null = nothing took its place under another name. */
export type GonePackage = Readonly<{ now: string | null; since: string; advice?: string }>;

/** When the table below was last compared with https://packages.debian.org. */
export const debianPackagesAsOf = "2026-11-01";

const trixie = "Debian 13 (trixie, August 2025)";
const bookworm = "Debian 12 (bookworm, June 2023)";
const bullseye = "Debian 11 (bullseye, August 2021)";
const buster = "Debian 10 (buster, July 2019)";
const stretch = "Debian 9 (stretch, June 2017)";

/** Names that Dockerfiles still ask for, and that a newer base image cannot install (https://packages.debian.org/NAME). */
const gone: Readonly<Record<string, GonePackage>> = {
  "libgl1-mesa-glx": { now: "libgl1", since: trixie },
  "libegl1-mesa": { now: "libegl1", since: trixie },
  "libgles2-mesa": { now: "libgles2", since: trixie },
  libasound2: { now: "libasound2t64", since: trixie },
  "libatlas-base-dev": { now: "libopenblas-dev", since: trixie },
  libncurses5: { now: "libncurses6", since: trixie },
  libtinfo5: { now: "libtinfo6", since: trixie },
  "openjdk-17-jdk": { now: "openjdk-21-jdk", since: trixie },
  "openjdk-17-jre-headless": { now: "openjdk-21-jre-headless", since: trixie },
  "software-properties-common": {
    now: null,
    since: trixie,
    advice: "Write the source into /etc/apt/sources.list.d instead of calling add-apt-repository.",
  },
  netcat: { now: "netcat-openbsd", since: bookworm },
  "libssl1.1": { now: "libssl3", since: bookworm },
  libffi7: { now: "libffi8", since: bookworm },
  libtiff5: { now: "libtiff6", since: bookworm },
  "openjdk-11-jdk": { now: "openjdk-17-jdk", since: bookworm },
  "openjdk-11-jre-headless": { now: "openjdk-17-jre-headless", since: bookworm },
  libappindicator1: { now: "libayatana-appindicator1", since: bullseye },
  python: { now: "python-is-python3", since: bullseye },
  "python-dev": { now: "python-dev-is-python3", since: bullseye },
  "python-pip": { now: "python3-pip", since: bullseye },
  "mysql-client": { now: "default-mysql-client", since: buster },
  "mysql-server": { now: "default-mysql-server", since: buster },
  "libmysqlclient-dev": { now: "default-libmysqlclient-dev", since: stretch },
  "libpng12-dev": { now: "libpng-dev", since: stretch },
};

/** What became of a package; null = the table does not know it. */
export function gonePackage(name: string): GonePackage | null {
  return Object.hasOwn(gone, name) ? (gone[name] ?? null) : null;
}
