/**
 * The clock of a site that is wrong: datefudge under its database, and under what its agent runs. The machine has one clock, and customers and their ledger keep it. Not libfaketime, which
 * leaves alone what PostgreSQL starts from its signal handlers, such as the receiver of a standby.
 */
import { findTool, testTools } from '../setup/paths.ts';

/** The library, or null where it is not installed. */
export function clockLibrary(): string | null {
  const tool = testTools.find(({ name }) => name === 'datefudge.so');
  return tool ? findTool(tool) : null;
}

/** Variables under which a program's clock is `aheadSeconds` ahead; negative is behind, and 0 is the machine's own. */
export function clockVariables(aheadSeconds: number): Readonly<Record<string, string>> {
  return aheadSeconds === 0 ? {} : { LD_PRELOAD: clockLibrary() ?? '', DATEFUDGE: String(-aheadSeconds) };
}
