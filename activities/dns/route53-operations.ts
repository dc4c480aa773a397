/** What the driver of Route 53, and the check of the access to it, call. Of the zone two records are changed: the route and the epoch. */
import type { DeclaredOperations } from '../aws/operations.ts';

const zone = 'arn:aws:route53:::hostedzone/<hosted zone>';
const healthChecks = ['arn:aws:route53:::healthcheck/<health check of the switch>', 'arn:aws:route53:::healthcheck/<health check of the site>'];

export const route53Operations: DeclaredOperations = {
  client: '@aws-sdk/client-route-53',
  service: 'route53',
  operations: {
    GetHostedZone: { role: 'observe', resource: zone },
    ListResourceRecordSets: { role: 'observe', resource: zone },
    GetHealthCheck: { role: 'observe', resource: healthChecks },
    GetHealthCheckStatus: { role: 'observe', resource: healthChecks },
    GetChange: { role: 'observe', resource: 'arn:aws:route53:::change/*' },
    ChangeResourceRecordSets: {
      role: 'traffic',
      resource: zone,
      condition: {
        'ForAllValues:StringEquals': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['<record name>', '<epoch record name>'] },
      },
    },
  },
};
