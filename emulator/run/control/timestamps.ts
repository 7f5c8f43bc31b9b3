/** `google.protobuf.Timestamp` of a time in milliseconds since the epoch. */
export function timestamp(atMs: number): Readonly<{ seconds: string; nanos: number }> {
  return { seconds: String(Math.floor(atMs / 1000)), nanos: Math.round((atMs % 1000) * 1e6) };
}
