/** Time as the workflow sees it; RFC 3339, UTC. Deterministic on replay. */
export function now(): string {
  return new Date().toISOString();
}
