/** What a stand-in is started with: a JSON file written by the lab. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const server = z.strictObject({ host: z.string(), port: z.int(), user: z.string(), passwordFile: z.string() });

export const standInConfig = z.strictObject({
  site: z.string(),
  host: z.string(),
  port: z.int(),
  certFile: z.string(),
  keyFile: z.string(),
  /** Worker units at the start, when `<stateDir>/workers` does not say otherwise. 20 units are 100 %. */
  workers: z.int().min(0),
  /** Requests a second that one unit serves before it refuses. */
  ratePerWorker: z.number().positive(),
  database: server.extend({ database: z.string() }),
  redis: server,
  stateDir: z.string(),
  /** Folders of the trees that may have been unpacked there, each with the link `current`. */
  trees: z.strictObject({ application: z.string(), sessions: z.string() }),
  /** JSON file of faults, see faults.ts; need not exist. */
  faultsFile: z.string(),
});

export type StandInConfig = z.infer<typeof standInConfig>;

/** Worker units that make full capacity. */
export const unitsAtFullCapacity = 20;

export function readStandInConfig(file: string): StandInConfig {
  return standInConfig.parse(JSON.parse(readFileSync(file, 'utf8')));
}
