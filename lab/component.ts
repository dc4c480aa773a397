/** What a part of the lab is: something with a start, a check and a stop. The supervisor starts them in order and stops them in reverse. */
import type { LabAddresses } from './addresses.ts';

/** What every component is given. */
export interface LabContext {
  readonly name: string;
  /** Absolute path of the lab's state directory. */
  readonly directory: string;
  /** Absolute path of the repository. */
  readonly repository: string;
  readonly addresses: LabAddresses;
  /** One line for the supervisor's log. */
  log(line: string): void;
}

export interface Component {
  /** Kebab case, unique in the lab, such as `postgres-us-east-1` or `dns`. */
  readonly name: string;
  start(): Promise<void>;
  /** Null when healthy, else one sentence that says what is wrong. */
  check(): Promise<string | null>;
  stop(): Promise<void>;
}

/** A component whose state `dr-lab reset` takes back to the beginning. */
export interface ResettableComponent extends Component {
  reset(): Promise<void>;
}

/** A handle: takes the JSON body of the control request, gives JSON back. Throws an Error with one sentence on a bad body. */
export type Control = (body: unknown) => Promise<unknown>;
