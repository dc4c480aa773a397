/** What the estate of these tests is made with: stand-ins for a host's own commands, and waiting by condition. */
export const systemctlShim = `#!/bin/sh
# A service manager as small as it can be: what it was told is in two files.
here=$(dirname "$0")
case $1 in
  start) echo active >"$here/active" ;;
  stop) rm -f "$here/active" ;;
  enable) echo enabled >"$here/enabled" ;;
  is-active) [ -f "$here/active" ] && echo active || { echo inactive; exit 3; } ;;
  is-enabled) [ -f "$here/enabled" ] && echo enabled || { echo disabled; exit 1; } ;;
esac
`;

export const capacityShim = `#!/bin/sh
here=$(dirname "$0")
case $1 in get) cat "$here/percent" 2>/dev/null || echo 35 ;; set) echo "$2" >"$here/percent" ;; esac
`;

/** Looks every 50 ms, at most 15 s unless it is told otherwise. A look that throws counts as a no. */
export async function eventually(what: string, look: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> {
  const end = performance.now() + withinMs;
  let last: unknown = 'it was never so';
  while (performance.now() < end) {
    try {
      if (await look()) return;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Waited ${withinMs / 1000} s for: ${what}. Last: ${String(last)}`);
}

/** Each test process has a network of its own below 127. */
export function testNetwork(): number {
  return 120 + Number(process.env['VITEST_POOL_ID'] ?? '0');
}

/** The lines of an agent's answer: what comes after its own first line. */
export function answered(out: string): readonly string[] {
  const lines = out.split('\n');
  return lines.slice(lines.findIndex((line) => /^site-agent=\d+$/.test(line)) + 1);
}
