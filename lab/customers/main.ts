/** The customers of the lab, a process of their own. Usage: main CONFIG.json. SIGHUP: read the rate again; SIGTERM: end when calls in flight have ended. */
import { readFileSync } from 'node:fs';
import { readCustomersConfig, type CustomersConfig } from './config.ts';
import { callTimeoutMs, Customer, customerFunctions } from './customer.ts';
import { LedgerWriter } from './ledger.ts';
import { CustomerResolver } from './resolver.ts';

/** Customers come one after another: fifty first connections at once to a service that has served nobody yet would look like an outage. */
const arrivalMs = 200;

/** Calls alternate between write and read, so a pair of calls makes one write. */
function intervalMs(config: CustomersConfig): number {
  return (config.customers * customerFunctions.length * 1000) / (2 * config.writesPerSecond);
}

const log = (line: string) => process.stdout.write(`${new Date().toISOString()} ${line}\n`);

function main(configFile: string | undefined): void {
  if (configFile === undefined) {
    process.stderr.write('Usage: main CONFIG.json\n');
    process.exit(64);
  }
  const config = readCustomersConfig(configFile);
  const ledger = new LedgerWriter(config.ledgerFile);
  const ca = readFileSync(config.caFile);
  const customers = Array.from({ length: config.customers }, (_, index) => {
    const resolver = new CustomerResolver({ nameServer: config.nameServer, phase: (index + 1) / config.customers });
    const name = `customer-${String(index + 1).padStart(2, '0')}`;
    return new Customer({ name, publicHost: config.publicHost, port: config.port, ca, resolver, note: (entry) => ledger.append(entry) });
  });
  const start = (current: CustomersConfig, arrivalMs: number) => {
    const interval = intervalMs(current);
    customers.forEach((customer, index) => customer.start(interval, (index * interval) / customers.length / customerFunctions.length, index * arrivalMs));
    log(`${customers.length} customers write ${current.writesPerSecond} times a second and read as often`);
  };
  start(config, arrivalMs);
  process.on('SIGHUP', () => start(readCustomersConfig(configFile), 0));
  const end = () => {
    customers.forEach((customer) => customer.stop());
    const deadlineMs = performance.now() + callTimeoutMs + 500;
    const timer = setInterval(() => {
      if (customers.some(({ inFlight }) => inFlight > 0) && performance.now() < deadlineMs) return;
      clearInterval(timer);
      void ledger.close().then(() => process.exit(0));
    }, 20);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}

main(process.argv[2]);
