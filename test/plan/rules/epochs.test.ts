/** Goal: epochs are numbers, and one that is out of reach is found before a run takes the one after it. Method: pure rules, and the run's choice. */
import { describe, expect, it, test } from 'vitest';
import { outOfReach, parseEpoch } from '../../../plan/rules/epochs.ts';
import { nextEpoch } from '../../../workflows/estate/epochs.ts';

const at = (epoch: number, where: string, holder = 'recovery/x@1') => ({ epoch, holder, where });

test.each([
  ['8', 8],
  ['08', 8],
  ['0', 0],
  ['000000000000000000012', 12],
  ['999999999999999', 999999999999999],
  ['1000000000000000', undefined],
  ['', undefined],
  ['-1', undefined],
  ['8 run', undefined],
  ['0x8', undefined],
  ['NaN', undefined],
])('%j is %s', (text, epoch) => expect(parseEpoch(text)).toBe(epoch));

describe('the next epoch', () => {
  it('is one above the highest', () => {
    expect(nextEpoch([at(7, 'gent'), at(5, 'lyon'), at(0, 'paris', 'none')], 'recovery/x@2')).toBe(8);
    expect(nextEpoch([at(2000, 'gent'), at(2000, 'lyon'), at(0, 'paris', 'none')], 'recovery/x@2'), 'a new host is no reason to stop').toBe(2001);
  });

  it('is refused where one place holds what no other could take, with the way out', () => {
    expect(() => nextEpoch([at(7, 'gent'), at(900_000, 'the DNS zone', 'nobody knows'), at(6, 'lyon')], 'recovery/x@2')).toThrow(
      /^Epoch 900000 of nobody knows at the DNS zone is more than 1000 above 7, the next one below it\. Nothing was changed\. HINT: .*Set it back to 7/,
    );
  });

  it('of one place alone has nothing to be compared with', () => {
    expect(outOfReach([at(5000, 'gent')])).toBeUndefined();
    expect(outOfReach([])).toBeUndefined();
  });
});
