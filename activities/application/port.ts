/** The application's files and certificate on a target's host. Reads only. */
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';

export interface ApplicationCheck {
  readonly ok: boolean;
  /** One sentence for each thing that is wrong. */
  readonly findings: readonly string[];
  /** RFC 3339; absent when the certificate could not be read. */
  readonly certificateExpiresAt?: string;
}

export interface ApplicationActivities {
  /** Service files present and not empty; certificate carries the public name and is valid long enough. */
  checkApplication(input: { readonly run: RunContext; readonly site: SiteId }): Promise<ApplicationCheck>;
}
