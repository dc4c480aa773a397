/** The business functions that the stand-in serves, and where each keeps its data. */

export type Store = { readonly kind: 'table'; readonly table: string } | { readonly kind: 'sessions' };

export interface ServedFunction {
  readonly id: string;
  readonly path: string;
  readonly store: Store;
  /** True: with a database that only reads, the function still answers its probe, as `degraded`. */
  readonly readOnlyIsDegraded: boolean;
}

export const servedFunctions: readonly ServedFunction[] = [
  { id: 'customer-api', path: '/customer-api', store: { kind: 'table', table: 'api_records' }, readOnlyIsDegraded: false },
  { id: 'session-management', path: '/session-management', store: { kind: 'sessions' }, readOnlyIsDegraded: false },
  { id: 'payment-processing', path: '/payment-processing', store: { kind: 'table', table: 'payments' }, readOnlyIsDegraded: false },
  { id: 'analytics', path: '/analytics', store: { kind: 'table', table: 'analytics_events' }, readOnlyIsDegraded: true },
  { id: 'admin-console', path: '/admin-console', store: { kind: 'table', table: 'admin_settings' }, readOnlyIsDegraded: false },
];
