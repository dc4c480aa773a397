/** RDS and ElastiCache as the orchestrator reaches them: strict, slow, and with faults that can be switched on. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ElastiCacheStandIn } from './elasticache.ts';
import type { RdsStandIn } from './rds.ts';
import { answerOf, errorOf, Refusal } from './xml.ts';

export type Fault = 'throttled' | 'unavailable' | 'reply lost' | 'denied';

export interface Call {
  readonly service: string;
  readonly region: string;
  readonly action: string;
  readonly parameters: URLSearchParams;
  /** HTTP status that was, or would have been, answered. */
  status: number;
}

interface Reply {
  readonly status: number;
  readonly body: string;
}

export class AwsProxy {
  readonly calls: Call[] = [];
  /** What the next call of an action meets, in turn; then it is answered. */
  readonly faults = new Map<string, Fault[]>();
  private readonly server: Server;
  private readonly standIns: { readonly rds: RdsStandIn; readonly elasticache: ElastiCacheStandIn };

  constructor(standIns: { readonly rds: RdsStandIn; readonly elasticache: ElastiCacheStandIn }) {
    this.standIns = standIns;
    this.server = createServer((request, response) => void this.serve(request, response));
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => this.server.once('error', reject).listen(port, host, () => resolve()));
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  /** Actions that change something, as they were answered. */
  changes(): readonly string[] {
    return this.calls.filter(({ action, status }) => status < 300 && !/^(Describe|List)/.test(action)).map(({ action }) => action);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    try {
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    } catch {
      return;
    }
    const parameters = new URLSearchParams(Buffer.concat(parts).toString('utf8'));
    // AKID/DATE/REGION/SERVICE/aws4_request
    const [, region = '', service = ''] = /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
    const call: Call = { service, region, action: parameters.get('Action') ?? '', parameters, status: 0 };
    this.calls.push(call);
    const fault = this.faults.get(call.action)?.shift();
    const { status, body } = await this.reply(call, fault);
    call.status = status;
    if (fault === 'reply lost') return void response.destroy();
    response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
  }

  private async reply({ service, region, action, parameters }: Call, fault: Fault | undefined): Promise<Reply> {
    if (fault === 'throttled') return { status: 400, body: errorOf('Throttling', 'Rate exceeded') };
    if (fault === 'unavailable') return { status: 503, body: errorOf('ServiceUnavailable', 'The service is not available.') };
    if (fault === 'denied') return { status: 403, body: errorOf('AccessDenied', `This identity may not call ${service}:${action}.`) };
    try {
      if (region !== this.standIns.rds.region)
        throw new Refusal('InvalidParameterValue', `This is ${this.standIns.rds.region}, and the call was signed for ${region}.`);
      const result = await (service === 'elasticache' ? this.standIns.elasticache : this.standIns.rds).answer(action, parameters);
      if (result === undefined) throw new Refusal('InvalidAction', `${service}:${action} is not known here.`);
      return { status: 200, body: answerOf(action, result) };
    } catch (error) {
      if (error instanceof Refusal) return { status: error.status, body: errorOf(error.code, error.message) };
      return { status: 500, body: errorOf('InternalFailure', (error as Error).message) };
    }
  }
}
