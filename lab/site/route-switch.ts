/** The switch of a site: an HTTP answer that health checks watch, 200 when it is thrown away from the site asked for. */
import { createServer, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import { ports, type LabSite } from '../addresses.ts';
import type { LabContext } from '../component.ts';
import { siteFolders } from './folders.ts';
import type { SiteServer } from './server.ts';

export function createRouteSwitch(context: LabContext, site: LabSite): SiteServer {
  const { switchFile } = siteFolders(context.directory, site);
  const host = context.addresses.real(site);
  let server: Server | undefined;

  const stop = async () => {
    const closing = server;
    server = undefined;
    if (!closing) return;
    closing.closeAllConnections();
    await new Promise<void>((resolve) => closing.close(() => resolve()));
  };
  return {
    name: `switch-${site}`,
    async start() {
      if (server) return;
      server = createServer((request, response) => {
        void thrownFrom(switchFile).then((from) => {
          const thrown = from !== null && request.method === 'GET' && request.url === `/switch/${from}`;
          response.writeHead(thrown ? 200 : 404, { 'content-type': 'text/plain', connection: 'close' }).end(thrown ? 'thrown\n' : 'not thrown\n');
        });
      });
      await new Promise<void>((resolve, reject) => server?.once('error', reject).listen(ports.switch, host, () => resolve()));
    },
    check: async () => (server?.listening ? null : `The switch of ${site} does not answer.`),
    stop,
    kill: stop,
    running: () => server !== undefined,
  };
}

/** First word of the file that the agent writes; null when it is not there. */
async function thrownFrom(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).split(/\s+/)[0] || null;
  } catch {
    return null;
  }
}
