/** What the customers' process is started with: a JSON file written by the lab, read again on SIGHUP (only the rate may change then). */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

export const customersConfig = z.strictObject({
  publicHost: z.string(),
  port: z.int(),
  caFile: z.string(),
  /** Name server that each customer's own resolver asks. */
  nameServer: z.strictObject({ host: z.string(), port: z.int() }),
  customers: z.int().min(10).max(100),
  /** Of all customers and functions together; as many reads come on top. */
  writesPerSecond: z.number().min(1).max(200),
  ledgerFile: z.string(),
});

export type CustomersConfig = z.infer<typeof customersConfig>;

export function readCustomersConfig(file: string): CustomersConfig {
  return customersConfig.parse(JSON.parse(readFileSync(file, 'utf8')));
}
