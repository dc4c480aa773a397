/** The type of everything that workflows may call. Types only: nothing of a driver reaches a workflow through here. */
import type { AccessActivities } from './access/port.ts';
import type { ApplicationActivities } from './application/port.ts';
import type { CacheActivities } from './cache/port.ts';
import type { CommunicationActivities } from './communication/port.ts';
import type { DatabaseActivities } from './database/port.ts';
import type { DetectionActivities } from './detection/port.ts';
import type { DnsActivities } from './dns/port.ts';
import type { FencingActivities } from './fencing/port.ts';
import type { HostsActivities } from './hosts/port.ts';
import type { InfrastructureActivities } from './infrastructure/port.ts';
import type { MonitoringActivities } from './monitoring/port.ts';
import type { ReportingActivities } from './reporting/port.ts';
import type { ServicesActivities } from './services/port.ts';
import type { VerificationActivities } from './verification/port.ts';

export type Activities = AccessActivities &
  DetectionActivities &
  HostsActivities &
  ServicesActivities &
  InfrastructureActivities &
  ApplicationActivities &
  DatabaseActivities &
  CacheActivities &
  FencingActivities &
  DnsActivities &
  VerificationActivities &
  MonitoringActivities &
  CommunicationActivities &
  ReportingActivities;
