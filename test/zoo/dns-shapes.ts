/** Zones as people have them. */
import { CreateHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53';
import { ask } from '../../lab/dns/ask.ts';
import { normalName, type RecordSet } from '../../lab/route53/records.ts';
import { type DnsPlace, epochName, lost, recordName, target, ttlSeconds, zoneName } from './dns-place.ts';
import type { Expected, Shape } from './shape.ts';

const works: Expected = { comes: 'works' };
const refused = (says: RegExp): Expected => ({ comes: 'refused', says });
const exception = (says: RegExp): Expected => ({ comes: 'works with an exception', says });

const at = (name: string, type: string, ...values: string[]): RecordSet => ({ name: normalName(name), type, ttlSeconds, values });

function shape(name: string, like: string, setUp: Shape<DnsPlace>['setUp'], expected: Expected): Shape<DnsPlace> {
  return { name, group: 'dns', like, setUp, expected };
}

/** The usual zone, and more. */
const beside =
  (...records: RecordSet[]) =>
  (place: DnsPlace): void =>
    place.hold(...place.pair(), place.epoch(), ...records);

/** Something else at the public name than the failover pair. */
const instead =
  (...records: RecordSet[]) =>
  (place: DnsPlace): void =>
    place.hold(place.epoch(), ...records);

const alias = { hostedZoneId: 'Z35SXDOTRQ7X7K', name: 'front-1234.us-east-1.elb.amazonaws.com.' };

const whatTheNameHolds: readonly Shape<DnsPlace>[] = [
  shape('a failover pair as the plan says', 'PRIMARY and SECONDARY with one address each, and nothing beside them.', () => undefined, works),
  shape(
    'two addresses in one record',
    'For a time of migration the primary record lists the address of the target and that of the lost site.',
    (place) => {
      const [primary, secondary] = place.pair();
      place.hold({ ...primary, values: [place.address(target), place.address(lost)] }, secondary, place.epoch());
    },
    exception(/primary record of shop\.example\.com has 2 values, .+ and .+: customers are spread over them/),
  ),
  shape(
    'a plain record',
    'One A record without a failover pair, although the plan throws a switch first.',
    (place) => place.hold(at(recordName, 'A', place.address(lost)), place.epoch()),
    exception(/has no failover pair: a thrown switch moves nobody/),
  ),
  shape(
    'no primary record',
    'The primary record was deleted; the secondary is there.',
    (place) => place.hold(place.pair()[1], place.epoch()),
    exception(/has no primary A record\. A route by the control plane creates it/),
  ),
  shape(
    'no record, and resolvers that remember it',
    'Nothing stands at the public name nor at the name of the epoch, and resolvers keep that.',
    async (place) => {
      place.hold();
      await Promise.all(place.plan.estate.dns.resolvers.map((resolver) => ask(resolver, recordName, 'A', 1_000)));
    },
    exception(/shop\.example\.com is no address, and the publicAddress of one site alone was expected/),
  ),
  shape(
    'another TTL than the plan says',
    'Both records have a TTL of 300 s.',
    (place) => {
      const [primary, secondary] = place.pair();
      place.hold({ ...primary, ttlSeconds: 300 }, { ...secondary, ttlSeconds: 300 }, place.epoch());
    },
    exception(/has a TTL of 300 s, and estate\.dns\.ttl is 5 s/),
  ),
  shape(
    'a primary record on another health check',
    'The primary record hangs on no health check.',
    (place) => {
      const [{ healthCheckId: _none, ...primary }, secondary] = place.pair();
      place.hold(primary, secondary, place.epoch());
    },
    exception(/hangs on no health check, not on estate\.dns\.switchHealthCheckId/),
  ),
];

const besideTheRoute: readonly Shape<DnsPlace>[] = [
  shape(
    'AAAA',
    'Customers with IPv6 are led to the lost site by an AAAA record.',
    beside(at(recordName, 'AAAA', '2001:db8::1')),
    exception(/AAAA shop\.example\.com still leads to 2001:db8::1, .+ customers that use IPv6 go there/),
  ),
  shape(
    'an HTTPS record with addresses',
    'A service binding carries an address hint of the lost site.',
    beside(at(recordName, 'HTTPS', '1 . alpn="h2,h3" ipv4hint=192.0.2.1')),
    exception(/HTTPS shop\.example\.com still leads to 1 \. .+ipv4hint=192\.0\.2\.1/),
  ),
  shape(
    'an SVCB record to another name',
    'A service binding leads to another name.',
    beside(at(recordName, 'SVCB', '0 front.example.net.')),
    exception(/SVCB shop\.example\.com still leads to 0 front\.example\.net\./),
  ),
  shape('an HTTPS record without addresses', 'A service binding names protocols only.', beside(at(recordName, 'HTTPS', '1 . alpn="h2,h3"')), works),
  shape(
    'mail and text records beside the address',
    'MX, CAA and TXT stand at the public name.',
    beside(at(recordName, 'MX', '10 mail.example.com.'), at(recordName, 'TXT', '"v=spf1 -all"'), at(recordName, 'CAA', '0 issue "ca.example.net"')),
    works,
  ),
  shape(
    'more than a page of sets at the name',
    'AAAA records by weight fill the first page of the list, and an HTTPS record comes after them.',
    beside(
      ...Array.from({ length: 310 }, (_none, index): RecordSet => ({
        ...at(recordName, 'AAAA', `2001:db8::${index.toString(16)}`),
        setIdentifier: `w${index}`,
        weight: 1,
      })),
      at(recordName, 'HTTPS', '0 front.example.net.'),
    ),
    exception(/HTTPS shop\.example\.com still leads to 0 front\.example\.net\./),
  ),
  shape(
    'customers who come by a CNAME',
    'The public host is a CNAME to the record that a route changes.',
    (place) => {
      beside(at(`www.${zoneName}`, 'CNAME', `${recordName}.`))(place);
      place.change({}, { publicHost: `www.${zoneName}` });
    },
    works,
  ),
];

const notToBeRouted: readonly Shape<DnsPlace>[] = [
  shape(
    'a CNAME',
    'The public name is a CNAME to a load balancer.',
    instead(at(recordName, 'CNAME', alias.name)),
    refused(/is a CNAME to front-1234\..+, which no run can change\. Replace it by an A record/),
  ),
  shape(
    'an alias',
    'The public name is an alias of a load balancer.',
    instead({ ...at(recordName, 'A'), ttlSeconds: 0, alias }),
    refused(/is an alias of front-1234\..+, which no run can change\. Replace it by an A record/),
  ),
  shape(
    'records by weight',
    'Two A records share the name by weight.',
    (place) =>
      instead(
        { ...at(recordName, 'A', place.address(lost)), setIdentifier: 'blue', weight: 90 },
        { ...at(recordName, 'A', place.address(target)), setIdentifier: 'green', weight: 10 },
      )(place),
    refused(/has 2 A records by Weight \(blue and green\), which no run can change\. Leave one record, or a failover pair/),
  ),
  shape(
    'records by latency',
    'One A record for each region.',
    (place) =>
      instead(
        { ...at(recordName, 'A', place.address(lost)), setIdentifier: 'us', region: 'us-east-1' },
        { ...at(recordName, 'A', place.address(target)), setIdentifier: 'eu', region: 'eu-central-1' },
      )(place),
    refused(/has 2 A records by Region \(eu and us\)/),
  ),
  shape(
    'records by location',
    'One A record for each country.',
    (place) =>
      instead(
        { ...at(recordName, 'A', place.address(lost)), setIdentifier: 'us', country: 'US' },
        { ...at(recordName, 'A', place.address(target)), setIdentifier: 'others', country: '*' },
      )(place),
    refused(/by GeoLocation \(others and us\)/),
  ),
  shape(
    'a delegated name',
    'The public name is delegated to other name servers.',
    beside(at(recordName, 'NS', 'ns1.elsewhere.example.net.')),
    refused(/shop\.example\.com\. is delegated to ns1\.elsewhere\.example\.net\./),
  ),
  shape(
    'a delegated zone between',
    'A part of the zone was delegated, and the public name lies in it.',
    (place) => {
      const name = `shop.eu.${zoneName}`;
      place.change({ recordName: name });
      place.hold(at(name, 'A', place.address(lost)), place.epoch(), at(`eu.${zoneName}`, 'NS', 'ns1.elsewhere.example.net.'));
    },
    refused(/eu\.example\.com\. is delegated to ns1\.elsewhere\.example\.net\.: what zone .+ holds at shop\.eu\.example\.com is served to nobody/),
  ),
  shape(
    'a private zone of the same name',
    'The plan names the private zone of that name.',
    async (place) => {
      const client = new Route53Client({ region: 'us-east-1', endpoint: place.apiEndpoint, credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' } });
      const created = await client.send(
        new CreateHostedZoneCommand({
          Name: zoneName,
          CallerReference: crypto.randomUUID(),
          HostedZoneConfig: { PrivateZone: true },
          VPC: { VPCRegion: 'us-east-1', VPCId: 'vpc-1' },
        }),
      );
      client.destroy();
      place.change({ hostedZoneId: (created.HostedZone?.Id ?? '').replace('/hostedzone/', '') });
    },
    refused(/is private: customers are not served from it\. Give estate\.dns\.hostedZoneId of the public zone/),
  ),
  shape(
    'an epoch that is a CNAME',
    'The name of the epoch is a CNAME of another tool.',
    (place) => place.hold(...place.pair(), at(epochName, 'CNAME', 'verify.example.net.')),
    refused(/_dr-epoch\.shop\.example\.com is a CNAME to verify\.example\.net\.,/),
  ),
];

const namesAndOthers: readonly Shape<DnsPlace>[] = [
  shape(
    'text of others at the name of the epoch',
    'An ownership record and one that looks like an epoch share the name of the epoch.',
    (place) =>
      place.hold(
        ...place.pair(),
        place.epoch('"heritage=external-dns,external-dns/owner=shop"', '"deploy-epoch=1764000000"', '"v=spf1 include:_spf.example.net" " -all"'),
      ),
    works,
  ),
  shape(
    'upper case and final dots',
    'The plan spells its names in upper case and with a final dot.',
    (place) => place.change({ recordName: 'SHOP.Example.com.', epochRecordName: '_DR-Epoch.Shop.Example.COM.' }),
    works,
  ),
  shape(
    'more than 300 records, wildcards and odd names',
    'The zone is full, before the public name and after it, and some names need escapes.',
    (place) =>
      beside(
        ...Array.from({ length: 350 }, (_none, index) => at(`a${index}.${zoneName}`, 'A', '192.0.2.9')),
        ...Array.from({ length: 350 }, (_none, index) => at(`z${index}.${zoneName}`, 'A', '192.0.2.9')),
        at(`*.${zoneName}`, 'A', '192.0.2.7'),
        at(`*.${recordName}`, 'A', '192.0.2.8'),
        at(`a!b.${recordName}`, 'TXT', '"odd"'),
      )(place),
    works,
  ),
  shape(
    'another automation that writes the old value back',
    'Once the route is proven a slower automation applies its older plan.',
    (place) => {
      place.afterRoute = () => place.hold(...place.pair(), place.epoch());
    },
    exception(/shop\.example\.com: the name leads to us-east-1 again: .+ gives .+ \(us-east-1\)/),
  ),
];

export const dnsShapes: readonly Shape<DnsPlace>[] = [...whatTheNameHolds, ...besideTheRoute, ...notToBeRouted, ...namesAndOthers];
