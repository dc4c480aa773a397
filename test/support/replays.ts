/** Replays histories one after the other on one worker, by which the workflows' code is read once. */
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { type ReplayResult, type ReplayWorkerOptions, Worker } from '@temporalio/worker';

type Told = { readonly history: History; readonly workflowId: string };

export class Replays {
  private readonly results: AsyncIterator<ReplayResult, void>;
  private tell: (told: Told) => void = () => undefined;
  private told = this.nextTold();

  constructor(options: ReplayWorkerOptions) {
    this.results = Worker.runReplayHistories(options, this.histories());
  }

  /** Throws what a replay throws: most of all where the code would not command again what the history holds. One at a time. */
  async replay(history: History, workflowId: string): Promise<void> {
    this.tell({ history, workflowId });
    const { value } = await this.results.next();
    if (!value)
      throw new Error(`The worker that replays has ended, and the history of ${workflowId} was not replayed. HINT: Look at the error before this one.`);
    if (value.error) throw value.error;
  }

  async stop(): Promise<void> {
    await this.results.return?.();
  }

  private nextTold(): Promise<Told> {
    return new Promise((resolve) => (this.tell = resolve));
  }

  private async *histories(): AsyncGenerator<Told> {
    for (;;) {
      const told = await this.told;
      this.told = this.nextTold();
      yield told;
    }
  }
}
