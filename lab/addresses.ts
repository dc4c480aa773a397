/** Every address of a lab, computed from its index. All of 127.0.0.0/8 is usable without set-up. */

/** Sites in the order of their numbers, which are the third octet of their addresses. */
export const labSites = ['us-east-1', 'eu-central-1', 'ap-southeast-1', 'dr'] as const;
export type LabSite = (typeof labSites)[number];

/** Who looks at a site; the fourth octet of what it sees. Sites look at each other by their own numbers. */
export const viewers = { orchestrator: 50, customers: 60, checkers: 70 } as const;
export type Viewer = keyof typeof viewers | LabSite;

export const ports = { postgres: 5432, redis: 6379, ssh: 2222, service: 8443, switch: 8090 } as const;

export class LabAddresses {
  readonly index: number;

  constructor(index: number) {
    this.index = index;
  }

  siteNumber(site: LabSite): number {
    return labSites.indexOf(site) + 1;
  }

  viewerNumber(viewer: Viewer): number {
    return viewer in viewers ? viewers[viewer as keyof typeof viewers] : this.siteNumber(viewer as LabSite);
  }

  /** Where the site's servers really listen. Only the network switch connects here, and the site itself. */
  real(site: LabSite): string {
    return `127.${this.index}.${this.siteNumber(site)}.100`;
  }

  /** What a viewer sees of a site. */
  seen(site: LabSite, viewer: Viewer): string {
    return `127.${this.index}.${this.siteNumber(site)}.${this.viewerNumber(viewer)}`;
  }

  /** Source address of a viewer's connections as the servers see them. */
  source(viewer: Viewer): string {
    return `127.${this.index}.${this.viewerNumber(viewer)}.200`;
  }

  /** The internet's stand-in, by which an observer knows that it is not blind. */
  reference(viewer: Viewer | 'real'): { host: string; port: number } {
    return { host: `127.${this.index}.9.${viewer === 'real' ? 100 : this.viewerNumber(viewer)}`, port: 8093 };
  }

  readonly dns = { port: 5353 } as const;

  get authoritative(): string {
    return `127.${this.index}.0.53`;
  }

  get resolvers(): readonly [string, string] {
    return [`127.${this.index}.0.54`, `127.${this.index}.0.55`];
  }

  /** Route 53 API as the orchestrator reaches it. */
  get route53(): { host: string; port: number } {
    return { host: `127.${this.index}.0.80`, port: 4566 };
  }

  get moto(): { host: string; port: number } {
    return { host: `127.${this.index}.0.81`, port: 5000 };
  }

  get smtp(): { host: string; port: number } {
    return { host: `127.${this.index}.0.25`, port: 2525 };
  }

  get monitoring(): { host: string; port: number } {
    return { host: `127.${this.index}.0.90`, port: 8091 };
  }

  /** Who answers customers whom no site serves. */
  get maintenance(): { host: string; port: number } {
    return { host: `127.${this.index}.0.92`, port: ports.service };
  }

  /** The lab's own control, for `dr-lab`. */
  get control(): { host: string; port: number } {
    return { host: `127.${this.index}.0.91`, port: 8092 };
  }
}
