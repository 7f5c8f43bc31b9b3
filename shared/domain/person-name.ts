/** Characters of a name, at most: as long as a mail address can be (RFC 5321, 4.5.3.1: 64, the `@`, and 255). */
export const longestName = 320;

/** Whether two names are one person's: capitals and small letters are the same, as they are in logins. */
export function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

type Named = Readonly<{ name: string; id?: string }>;

/** Whether two actors are one person, also one who goes by another name in chat than a minute ago. */
export function isSamePerson(one: Named, other: Named): boolean {
  return isSameName(one.name, other.name) || (one.id !== undefined && one.id === other.id);
}
