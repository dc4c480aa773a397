/** The estate that shapes are made from: started once, and begun anew for each shape. */
import { TestEstate } from '../site-agent/estate.ts';

/** Other versions than the machine's own: folder of `initdb` and `postgres`, program of Redis. */
export interface Servers {
  readonly postgres?: string;
  readonly redis?: string;
}

export async function openZoo(network: number, servers: Servers = {}): Promise<TestEstate> {
  const estate = new TestEstate(network, servers);
  await estate.start();
  // Whoever replicates with SQL may write where somebody has let him.
  estate.sql('east', 'grant select, insert on payments to dr_repl', 'app');
  // Customers of the adversary: one who may do everything, and one who may write as a member of the service's role.
  estate.sql('east', "create role chief superuser login password 'test-only'; create role clerk login password 'test-only' in role erlmcp", 'app');
  await estate.freeze();
  return estate;
}
