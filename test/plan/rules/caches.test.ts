import { describe, expect, test } from 'vitest';
import { type CacheFacts, compareCaches } from '../../../plan/rules/caches.ts';

const eu: CacheFacts = { site: 'eu', follows: 'none', linkUp: false, stream: 'old', offset: 100, keys: 10, lastingKeys: 4, expiredKeys: 0 };
const ap: CacheFacts = { ...eu, site: 'ap' };

describe('a cache compared with another', () => {
  test.each([
    ['equal', {}, {}, 'has all'],
    ['behind in the same stream', { offset: 99 }, {}, 'is behind'],
    ['ahead', { offset: 101 }, {}, 'has all'],
    ['as far, and without keys that never expire', { lastingKeys: 3 }, {}, 'lacks keys'],
    ['as far, and without keys that it has not let expire', { keys: 9 }, {}, 'lacks keys'],
    ['as far, and without a key that it has let expire', { keys: 9, expiredKeys: 1 }, {}, 'has all'],
    ['in another stream', { stream: 'new', offset: 900 }, {}, 'cannot be compared'],
    ['its replica, linked', { follows: 'ap', linkUp: true, stream: 'new', offset: 5 }, {}, 'has all'],
    ['its replica, not linked yet', { follows: 'ap', stream: 'new', offset: 900 }, {}, 'cannot be compared'],
    ['its primary', { stream: 'new' }, { follows: 'eu', keys: 99 }, 'has all'],
  ] as const)('%s', (_what, own, other, order) => {
    expect(compareCaches({ ...eu, ...own }, { ...ap, ...other })).toBe(order);
  });
});
