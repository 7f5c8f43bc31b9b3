/** Whether two names are one person's: capitals and small letters are the same, as they are in logins. */
export function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
