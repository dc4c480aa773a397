/** How hosts are reached over SSH. */
import { z } from 'zod';
import { endpoint, secretReference } from './common.ts';
import { durationIn } from './ranges.ts';

const account = z
  .string()
  .max(32)
  .regex(/^[a-z_][a-z0-9_-]*$/, 'write the name of an account in small letters, digits, dashes and underscores');

/** A server whose key is pinned. */
export const sshServer = endpoint.extend({
  hostKey: z
    .string()
    .max(50)
    .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'write the fingerprint as ssh-keygen -lf prints it: SHA256: and 43 characters')
    .meta({
      description: 'Pinned host key, as `ssh-keygen -lf` prints it. A host that shows another key is refused.',
      examples: ['SHA256:1CbeLpNdDB/qUeGOpTPH7w6g2OWUKR+HdSyABCdo4Yk'],
    }),
});

export const agentLogin = z
  .strictObject({
    user: account.meta({ description: "Account of the site agent on each site's host.", examples: ['postgres'] }),
    privateKey: secretReference,
    connectTimeout: durationIn(
      {
        from: 'PT0.5S',
        to: 'PT1M',
        why: 'an answer from another continent takes as long, and a recovery does not wait a minute for the dead',
        example: 'PT5S',
      },
      'Longest wait for a connection, and for silence on one.',
    ),
  })
  .describe('How the site agents are reached.');

export const restoreLogin = z
  .strictObject({
    user: account.meta({ description: 'Account of site-restore on each host where it is installed.', examples: ['postgres'] }),
    privateKey: secretReference,
  })
  .describe('How site-restore is reached: with a key of its own, since that of the site agents can restore nothing.');
