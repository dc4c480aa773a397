/** A server of a site: a component that can also be killed, as a dying site kills it. */
import type { Component } from '../component.ts';

/** A server that can be frozen: it keeps its connections and answers nobody. */
export interface Freezable {
  freeze(): void;
  thaw(): void;
}

export interface SiteServer extends Component {
  /** SIGKILL to the process and all below it; nothing is written any more. */
  kill(): Promise<void>;
  running(): boolean;
}
