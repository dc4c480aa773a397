/** A region goes dark, and another takes over. */
import { compare } from './compare.ts';
import type { Story } from './story.ts';

const [failed, target] = ['us-east-1', 'eu-central-1'];

export const failover: Story = {
  prepare: async () => undefined,
  lose: async (stack) => {
    const at = new Date().toISOString();
    await stack.lab('cut', failed);
    return `${failed} is cut off from everybody at ${at}.`;
  },
  starts: ['failover', 'start', '--from', failed, '--to', target],
  answers: { activation: () => 'approve' },
  compare,
};
