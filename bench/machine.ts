/** What the figures were measured on, and what a process has used. Linux: read from /proc. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

const ticksPerSecond = 100;

/** One line: date, processor, memory, and the load at this moment. */
export function describeMachine(): string {
  const processors = cpus();
  const memory = `${(totalmem() / 1024 ** 3).toFixed(1)} GiB`;
  return `${new Date().toISOString()} · ${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'} · ${memory} · Linux ${release()} · Node ${process.version}`;
}

/** Load averages of 1, 5 and 15 minutes. */
export function describeLoad(): string {
  return loadavg()
    .map((value) => value.toFixed(2))
    .join(' ');
}

export interface ProcessUse {
  /** Resident memory now and at its highest, in MB (10⁶ bytes). */
  readonly rssMb: number;
  readonly peakRssMb: number;
  /** User and system time since its start. */
  readonly cpuSeconds: number;
}

/** What a process of this machine has used so far; throws when it is gone. */
export function useOf(pid: number): ProcessUse {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? NaN);
  // Fields after the command's name, which may hold blanks: the 12th and 13th are user and system time.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { rssMb: (kilobytes('VmRSS') * 1024) / 1e6, peakRssMb: (kilobytes('VmHWM') * 1024) / 1e6, cpuSeconds: ticks / ticksPerSecond };
}
