/** The lab's certificate authority, and the certificates of the sites and of the maintenance answer. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { siteRoles, publicHost } from './settings.ts';
import type { LabSite } from './addresses.ts';
import { run } from './run.ts';
import { program } from './setup/paths.ts';

/** Who answers customers whom no site serves, under the public name too. */
export const maintenance = 'maintenance';

type Holder = LabSite | typeof maintenance;

export interface CertificateFiles {
  readonly ca: string;
  certificate(holder: Holder): string;
  key(holder: Holder): string;
}

/** Certificates begin so long before they are made, as those of public authorities do: the clocks of those who check them differ. */
const beginsHoursAgo = 24;
const lastsDays = 365;

export function certificateFiles(labDirectory: string): CertificateFiles {
  const folder = join(labDirectory, 'ca');
  return { ca: join(folder, 'ca.pem'), certificate: (holder) => join(folder, `${holder}.pem`), key: (holder) => join(folder, `${holder}.key`) };
}

/** Made once for a lab; valid for a year. */
export async function makeCertificates(labDirectory: string): Promise<void> {
  const files = certificateFiles(labDirectory);
  const folder = join(labDirectory, 'ca');
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const caKey = join(folder, 'ca.key');
  if (!existsSync(files.ca)) {
    await sign(folder, {
      subject: 'dr-lab CA',
      extensions: ['basicConstraints=critical,CA:true'],
      key: caKey,
      out: files.ca,
      by: ['-selfsign', '-keyfile', caKey],
    });
  }
  // One after the other: the authority keeps a list of what it has signed.
  for (const holder of [...siteRoles.map(({ site }) => site), maintenance] as const) {
    if (existsSync(files.certificate(holder))) continue;
    const extensions = [`subjectAltName=DNS:${publicHost}`, 'basicConstraints=critical,CA:false'];
    await sign(folder, { subject: publicHost, extensions, key: files.key(holder), out: files.certificate(holder), by: ['-cert', files.ca, '-keyfile', caKey] });
  }
}

interface Wanted {
  readonly subject: string;
  readonly extensions: readonly string[];
  /** Where its new key goes, and the certificate. */
  readonly key: string;
  readonly out: string;
  /** Who signs it, in the words of `openssl ca`. */
  readonly by: readonly string[];
}

async function sign(folder: string, { subject, extensions, key, out, by }: Wanted): Promise<void> {
  const openssl = program('openssl');
  const request = `${out}.request`;
  const config = join(folder, 'authority.conf');
  writeFileSync(config, authority(folder));
  writeFileSync(join(folder, 'signed'), '');
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const added = extensions.flatMap((extension) => ['-addext', extension]);
  await run([openssl, 'req', '-new', ...ec, '-keyout', key, '-out', request, '-subj', `/CN=${subject}`, ...added]);
  const from = Date.now() - beginsHoursAgo * 3_600_000;
  const dates = ['-startdate', asn1Time(from), '-enddate', asn1Time(from + lastsDays * 24 * 3_600_000)];
  await run([openssl, 'ca', '-batch', '-notext', '-config', config, ...dates, ...by, '-in', request, '-out', out]);
  rmSync(request);
}

function authority(folder: string): string {
  return [
    '[ca]',
    'default_ca = lab',
    '[lab]',
    `database = ${join(folder, 'signed')}`,
    `new_certs_dir = ${folder}`,
    'rand_serial = yes',
    'unique_subject = no',
    'default_md = sha256',
    'copy_extensions = copy',
    'policy = any',
    '[any]',
    'commonName = supplied',
    '',
  ].join('\n');
}

/** `YYYYMMDDHHMMSSZ`. */
function asn1Time(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replaceAll(/\D/g, '')}Z`;
}
