/** The lab's certificate authority and the sites' certificates. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { siteRoles, publicHost } from './settings.ts';
import type { LabSite } from './addresses.ts';
import { run } from './run.ts';
import { program } from './setup/paths.ts';

export interface CertificateFiles {
  readonly ca: string;
  certificate(site: LabSite): string;
  key(site: LabSite): string;
}

export function certificateFiles(labDirectory: string): CertificateFiles {
  const folder = join(labDirectory, 'ca');
  return { ca: join(folder, 'ca.pem'), certificate: (site) => join(folder, `${site}.pem`), key: (site) => join(folder, `${site}.key`) };
}

/** Made once for a lab; valid for a year. */
export async function makeCertificates(labDirectory: string): Promise<void> {
  const files = certificateFiles(labDirectory);
  mkdirSync(join(labDirectory, 'ca'), { recursive: true, mode: 0o755 });
  const caKey = join(labDirectory, 'ca', 'ca.key');
  const openssl = program('openssl');
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  if (!existsSync(files.ca)) {
    await run([
      openssl,
      'req',
      '-x509',
      ...ec,
      '-keyout',
      caKey,
      '-out',
      files.ca,
      '-days',
      '365',
      '-subj',
      '/CN=dr-lab CA',
      '-addext',
      'basicConstraints=critical,CA:true',
    ]);
  }
  const wanted = siteRoles.map(({ site }) => site).filter((site) => !existsSync(files.certificate(site)));
  await Promise.all(
    wanted.map((site) =>
      run(
        [
          openssl,
          'req',
          '-x509',
          ...ec,
          '-CA',
          files.ca,
          '-CAkey',
          caKey,
          '-keyout',
          files.key(site),
          '-out',
          files.certificate(site),
          '-days',
          '365',
          '-subj',
          `/CN=${publicHost}`,
        ].concat(['-addext', `subjectAltName=DNS:${publicHost}`, '-addext', 'basicConstraints=critical,CA:false']),
      ),
    ),
  );
}
