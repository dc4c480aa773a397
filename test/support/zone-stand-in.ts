/** A server that answers for the zone's API what a test says that the epoch's record holds. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Plan } from '../../plan/schema.ts';

const name = '_epoch.stand-in.example';

export class ZoneStandIn {
  /** What stands in the record; undefined: the API says that it cannot answer. */
  held: () => { readonly epoch: number; readonly holder: string } | undefined = () => undefined;
  /** Awaited before each answer. */
  before: () => Promise<void> | void = () => undefined;
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(): Promise<ZoneStandIn> {
    const server = createServer();
    const zone = new ZoneStandIn(server);
    server.on('request', (_request, response) => {
      void Promise.resolve(zone.before()).then(() => {
        const held = zone.held();
        response
          .writeHead(held ? 200 : 503, { 'content-type': 'text/xml' })
          .end(held ? record(held) : '<ErrorResponse><Error><Code>ServiceUnavailable</Code></Error></ErrorResponse>');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return zone;
  }

  /** The plan with this as the API of its zone. */
  in(plan: Plan): Plan {
    const endpoint = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const credentials = { accessKeyId: 'env:A', secretAccessKey: 'env:B' };
    const dns = { ...plan.estate.dns, region: 'us-east-1', endpoint, credentials, hostedZoneId: 'Z1', epochRecordName: name };
    return { ...plan, estate: { ...plan.estate, dns } };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function record({ epoch, holder }: { readonly epoch: number; readonly holder: string }): string {
  const value = `<ResourceRecords><ResourceRecord><Value>"epoch=${epoch} run=${holder}"</Value></ResourceRecord></ResourceRecords>`;
  const set = `<ResourceRecordSet><Name>${name}.</Name><Type>TXT</Type><TTL>30</TTL>${value}</ResourceRecordSet>`;
  const list = `<ResourceRecordSets>${set}</ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>300</MaxItems>`;
  return `<ListResourceRecordSetsResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">${list}</ListResourceRecordSetsResponse>`;
}
