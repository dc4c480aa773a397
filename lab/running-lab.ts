/** A lab in its life: starting, ready, resetting, stopping, or failed; with the verbs that fit. */
import type { Control, LabContext } from './component.ts';
import { createLabEstate, type LabEstate, type Progress } from './estate.ts';
import { faultVerbs } from './faults/verbs.ts';
import { siteStatuses, type LabStatus } from './status.ts';
import { labVerbs } from './verbs.ts';

export class RunningLab {
  readonly #context: LabContext;
  readonly #estate: LabEstate;
  readonly #lines: string[] = [];
  #phase: LabStatus['phase'] = 'starting';
  #failure: string | null = null;

  constructor(context: LabContext) {
    this.#context = context;
    this.#estate = createLabEstate(context);
  }

  /** Never throws: a failure is a phase, with its sentence, so that whoever waits is told. */
  async start(): Promise<void> {
    try {
      await this.#estate.start(this.#progress);
      this.#phase = 'ready';
      this.#progress('ready');
    } catch (error) {
      this.#failure = (error as Error).message;
      this.#phase = 'failed';
      this.#context.log(`failed: ${(error as Error).stack}`);
    }
  }

  /** Ends everything; false when that is under way already. */
  async stop(): Promise<boolean> {
    if (this.#phase === 'stopping') return false;
    this.#phase = 'stopping';
    this.#context.log('ending');
    await this.#estate.stop().catch((error: unknown) => this.#context.log(`ending: ${String(error)}`));
    return true;
  }

  /** By the paths of the control. */
  verbs(): Record<string, Control> {
    const own = labVerbs(this.#estate, this.#context.directory, this.#progress);
    const reset = own.reset as Control;
    return { ...this.#estate.world.control, ...faultVerbs(this.#estate), ...own, status: () => this.#status(), reset: (body) => this.#reset(reset, body) };
  }

  async #reset(reset: Control, body: unknown): Promise<unknown> {
    if (this.#phase !== 'ready') throw new Error(`The lab is ${this.#phase}; nothing was changed. Try again when it is ready.`);
    this.#phase = 'resetting';
    try {
      return await reset(body);
    } finally {
      if (this.#phase === 'resetting') this.#phase = 'ready';
    }
  }

  async #status(): Promise<LabStatus> {
    const ready = this.#phase === 'ready';
    return {
      lab: this.#context.name,
      index: this.#context.addresses.index,
      directory: this.#context.directory,
      phase: this.#phase,
      progress: this.#lines,
      failure: this.#failure,
      problems: ready ? await this.#estate.check() : [],
      sites: ready ? await siteStatuses(this.#estate) : [],
      links: this.#estate.network.state.list(),
    };
  }

  readonly #progress: Progress = (line) => {
    this.#lines.push(line);
    this.#context.log(line);
  };
}
