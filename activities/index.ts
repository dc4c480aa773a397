/** The type of everything that workflows may call, what only looks apart from what changes something. Types only: nothing of a driver reaches a workflow through here. */
import type { AccessActivities } from './access/port.ts';
import type { ApplicationActivities } from './application/port.ts';
import type { CacheChanges, CacheReads } from './cache/port.ts';
import type { CommunicationChanges } from './communication/port.ts';
import type { DatabaseChanges, DatabaseReads } from './database/port.ts';
import type { DetectionActivities } from './detection/port.ts';
import type { DnsChanges, DnsReads } from './dns/port.ts';
import type { FencingChanges, FencingReads } from './fencing/port.ts';
import type { HostsChanges, HostsReads } from './hosts/port.ts';
import type { InfrastructureChanges, InfrastructureReads } from './infrastructure/port.ts';
import type { JobsChanges, JobsReads } from './jobs/port.ts';
import type { MonitoringChanges } from './monitoring/port.ts';
import type { ReportingChanges, ReportingReads } from './reporting/port.ts';
import type { RestoreChanges, RestoreReads } from './restore/port.ts';
import type { ServicesChanges, ServicesReads } from './services/port.ts';
import type { StackChanges, StackReads } from './stack/port.ts';
import type { VerificationActivities } from './verification/port.ts';
import type { WitnessChanges, WitnessReads } from './witness/port.ts';

export type Reads = AccessActivities &
  DetectionActivities &
  HostsReads &
  ServicesReads &
  InfrastructureReads &
  JobsReads &
  RestoreReads &
  StackReads &
  ApplicationActivities &
  DatabaseReads &
  CacheReads &
  FencingReads &
  DnsReads &
  WitnessReads &
  VerificationActivities &
  ReportingReads;

export type Changes = HostsChanges &
  ServicesChanges &
  InfrastructureChanges &
  JobsChanges &
  RestoreChanges &
  StackChanges &
  DatabaseChanges &
  CacheChanges &
  FencingChanges &
  DnsChanges &
  WitnessChanges &
  MonitoringChanges &
  CommunicationChanges &
  ReportingChanges;

export type Activities = Reads & Changes;
