/** The maintenance answer: tells everybody by the public name, with its certificate, that the service is not there yet. Stands at no site. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { certificateFiles, maintenance } from './certificates.ts';
import type { LabContext, ResettableComponent } from './component.ts';

const page = '<!doctype html><title>Back soon</title><p>We are bringing the service back. Nothing that you have done so far is in danger.</p>\n';

export function createMaintenance(context: LabContext): ResettableComponent {
  const { host, port } = context.addresses.maintenance;
  let server: Server | undefined;
  return {
    name: 'maintenance',
    start() {
      const files = certificateFiles(context.directory);
      const started = createServer({ cert: readFileSync(files.certificate(maintenance)), key: readFileSync(files.key(maintenance)) }, (request, response) => {
        request.resume();
        // Without a time to come back, which nobody knows: whoever is told one is refused by capacity.
        response.writeHead(503, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'x-site': maintenance }).end(page);
      });
      server = started;
      return new Promise((resolve, reject) => started.once('error', reject).listen(port, host, resolve));
    },
    check: async () => (server?.listening ? null : `The maintenance answer does not listen on ${host}:${port}.`),
    stop() {
      server?.closeAllConnections();
      return new Promise((resolve) => (server ? server.close(() => resolve()) : resolve()));
    },
    async reset() {},
  };
}
