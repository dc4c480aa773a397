/** Is what the host has what the plan asks for? Pure. */
import { formatSeconds, seconds } from '../../plan/durations.ts';
import type { Estate } from '../../plan/schema.ts';
import type { ApplicationCheck } from './port.ts';

export interface FilesFound {
  readonly site: string;
  /** Each configured file of the host: its path, a blank, `present` or `missing`. */
  readonly files: readonly string[];
  readonly certificateNames: readonly string[];
  /** RFC 3339; absent when the certificate could not be read. */
  readonly certificateExpiresAt?: string;
  readonly now: Date;
}

/** A file of the plan is looked for under the same path on the host, or under one that ends in it. */
export function judgeFiles(service: Pick<Estate['service'], 'files' | 'certificate' | 'publicHost'>, found: FilesFound): ApplicationCheck {
  const findings = [...service.files.flatMap((file) => judgeFile(file, found)), ...judgeCertificate(service, found)];
  return { ok: findings.length === 0, findings, ...(found.certificateExpiresAt === undefined ? {} : { certificateExpiresAt: found.certificateExpiresAt }) };
}

function judgeFile(file: string, found: FilesFound): readonly string[] {
  const tail = `/${file.replace(/^\/+/, '')}`;
  const seen = found.files.find((line) => line.replace(/ (present|missing)$/, '').endsWith(tail) || line.startsWith(`${file} `));
  if (seen === undefined) return [`The agent of ${found.site} does not look for ${file}: add it to FILES in its agent.conf.`];
  return seen.endsWith(' present') ? [] : [`${file} is missing or empty at ${found.site}.`];
}

function judgeCertificate(service: Pick<Estate['service'], 'certificate' | 'publicHost'>, found: FilesFound): readonly string[] {
  if (found.certificateExpiresAt === undefined) return [`The certificate at ${found.site} cannot be read.`];
  const validSeconds = (Date.parse(found.certificateExpiresAt) - found.now.getTime()) / 1000;
  const neededSeconds = seconds(service.certificate.minimumValidity);
  const names = found.certificateNames;
  return [
    ...(names.some((name) => covers(name, service.publicHost))
      ? []
      : [`The certificate at ${found.site} is for ${names.join(', ') || 'no name'}, not for ${service.publicHost}.`]),
    ...(validSeconds >= neededSeconds
      ? []
      : [
          `The certificate at ${found.site} is valid until ${found.certificateExpiresAt}, less than the ${formatSeconds(neededSeconds)} that the plan asks for.`,
        ]),
  ];
}

/** `*.example.com` covers one label, as TLS clients read it. */
function covers(name: string, host: string): boolean {
  if (name.toLowerCase() === host.toLowerCase()) return true;
  return name.startsWith('*.') && host.toLowerCase().endsWith(name.slice(1).toLowerCase()) && !host.slice(0, host.length - name.length + 1).includes('.');
}
