/** Goal: one reading of what a primary says of itself. Method: the words as its agent writes them, names with the signs that separate them included. */
import { describe, expect, test } from 'vitest';
import { parseOverride, parseStandby, waitsForStandby } from '../../../plan/rules/heartbeat-words.ts';

describe('an override', () => {
  test.each([
    ['everybody=local', { kind: 'everybody' }, 'local'],
    ['role:app=off', { kind: 'role', name: 'app' }, 'off'],
    ['role:a@b@shop=off', { kind: 'role', name: 'a@b', database: 'shop' }, 'off'],
    ['database:shop=remote_write', { kind: 'database', name: 'shop' }, 'remote_write'],
    ['function:a:b=c=off', { kind: 'function', name: 'a:b=c' }, 'off'],
    ['subscription:orders=off', { kind: 'subscription', name: 'orders' }, 'off'],
    ['tablespace:fast=off', undefined, 'off'],
  ])('%s', (text, of, value) => {
    expect(parseOverride(text)).toEqual({ of, value });
  });
});

test('a standby whose name holds the sign that ends it', () => {
  expect(parseStandby('db=1=quorum')).toEqual({ name: 'db=1', state: 'quorum' });
});

test('a value that is not known waits for nobody', () => {
  expect(['on', 'remote_write', 'remote_apply', 'local', 'off', 'no', 'quorum'].filter(waitsForStandby)).toEqual(['on', 'remote_write', 'remote_apply']);
});
