/** Where choices of this person on this machine are kept; null where there is no such place: a sandboxed frame has none. */
export function preferences(): Storage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}
