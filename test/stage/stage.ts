/** One stack for a row of trials: lab, Temporal, workers with failpoints, and the ear to which failpoints tell that they were reached. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { labHandle } from '../../lab/cli/call.ts';
import type { Background } from '../../lab/orchestrator/programs.ts';
import { DrClient } from '../../client/index.ts';
import { type Drivers, openDrivers } from '../scenarios/drivers.ts';
import { Scenarios } from '../scenarios/scenarios.ts';
import { type Failpoint, failpointsVariable, type Moment } from './failpoint.ts';

/** The first call of an activity for a step, and the moment in it. */
export interface Place {
  readonly step: string;
  readonly activity: string;
  readonly moment: Moment;
}

export class Stage {
  readonly scenarios: Scenarios;
  readonly drivers: Drivers;
  readonly dr: DrClient;
  private readonly ear: Server;
  private handlers: (() => Promise<void>)[] = [];
  /** Workers that were taken out of service without being ended. */
  frozen: Background[] = [];

  private constructor(scenarios: Scenarios, drivers: Drivers, ear: Server) {
    this.scenarios = scenarios;
    this.drivers = drivers;
    this.dr = new DrClient(scenarios.client);
    this.ear = ear;
    ear.on('request', (request, response) => {
      const handler = this.handlers[Number(request.url?.slice(1))];
      const answer = () => response.end();
      void (handler?.() ?? Promise.resolve()).then(answer, answer); // what failed, the trial tells
    });
  }

  static async open(lab: string): Promise<Stage> {
    const scenarios = await Scenarios.start(lab);
    const ear = createServer().listen(0, '127.0.0.1');
    return new Stage(scenarios, await openDrivers(scenarios.stack.plan), ear);
  }

  get lab() {
    return labHandle(this.scenarios.stack.options.lab);
  }

  get worker(): Background {
    return this.scenarios.stack.worker;
  }

  async close(): Promise<void> {
    this.ear.close();
    this.ear.closeAllConnections();
    await this.endFrozen();
    await this.drivers.close();
    await this.scenarios.stop();
  }

  async endFrozen(): Promise<void> {
    for (const worker of this.frozen.splice(0)) await worker.kill();
  }

  /** A healthy lab with customers, and one worker that tells when it reaches these places. */
  async reset(places: readonly { readonly at: Place; readonly reached: () => Promise<void> }[]): Promise<void> {
    await this.endFrozen();
    await this.worker.kill();
    await this.scenarios.endRuns();
    await this.scenarios.control('reset');
    this.handlers = places.map(({ reached }) => reached);
    const { port } = this.ear.address() as AddressInfo;
    const failpoints = places.map(({ at }, index): Failpoint => ({ ...at, tell: `http://127.0.0.1:${port}/${index}` }));
    await Promise.all([
      this.scenarios.stack.startWorker('test/stage/worker', { [failpointsVariable]: JSON.stringify(failpoints) }),
      this.scenarios.serveCustomers(),
    ]);
  }
}
