/** The estate that shapes are made from: started once, and begun anew for each shape. */
import { TestEstate } from '../site-agent/estate.ts';

export async function openZoo(network: number): Promise<TestEstate> {
  const estate = new TestEstate(network);
  await estate.start();
  // Whoever replicates with SQL may write where somebody has let him.
  estate.sql('east', 'grant select, insert on payments to dr_repl', 'app');
  await estate.freeze();
  return estate;
}
