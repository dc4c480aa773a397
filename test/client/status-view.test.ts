/** Goal: who looks at an open run on a terminal is told what the details in Temporal UI tell first. Method: the page of made-up statuses. */
import { describe, expect, it } from 'vitest';
import { explainStuck } from '../../client/stuck.ts';
import { renderStuck, renderView } from '../../client/cli/views/status.ts';
import type { Report } from '../../report/report.ts';
import type { RunStatus } from '../../workflows/wire/messages.ts';
import { exampleReport, stoodDownReport } from '../report/example.ts';
import { exampleStatus } from '../workflows/engine/example-status.ts';

const page = (change: Partial<RunStatus> = {}) => renderView({ state: 'running', runId: exampleStatus.runId, status: { ...exampleStatus, ...change } });

describe('the page of an open run', () => {
  it('says what did not go as planned and what is left to do, after the question and before what was changed', () => {
    const shown = page({ exceptions: ['no mail was sent'], leftovers: ['east is to be fenced'], changes: ['west was promoted'] });
    expect(shown).toContain('Not as planned\n  no mail was sent\nLeft to do\n  east is to be fenced\n');
    const order = ['QUESTION activation-3f9c2a', 'Clock: ', 'Not as planned\n', 'Left to do\n', 'Changed so far\n  west was promoted\n', 'Refused\n'];
    expect(order.toSorted((one, other) => shown.indexOf(one) - shown.indexOf(other))).toEqual(order);
    expect(order.filter((text) => !shown.includes(text))).toEqual([]);
  });

  it('says until when the question is open, and what comes of silence', () => {
    expect(page()).toMatch(/open until 10:20:00Z.*\n.*\nIf nobody decides by then, the run stands down and changes nothing\.\n/);
  });

  it('has no heading where there is nothing to say', () => {
    expect(page()).not.toMatch(/Not as planned|Left to do|Changed so far/);
  });
});

describe('workflows that cannot go on', () => {
  it('are named up to five, and the others counted: the run itself comes after them', () => {
    const stuck = Array.from({ length: 500 }, (_, at) => ({
      workflowId: `fence-on-return/shop/${at}`,
      type: 'fenceOnReturn',
      since: null,
      tries: 0,
      reason: 'TMPRL1100',
      incompatible: true,
      missingRelease: null,
      lenderGone: null,
    }));
    const lines = renderStuck(stuck).trimEnd().split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[5]).toBe('STUCK: 495 more workflows cannot go on. All of them: dr status --json');
    expect(renderStuck(stuck.slice(0, 5))).not.toContain('more workflows');
  });
});

describe('the page of a run that has ended', () => {
  const end = (report: Report) => renderView({ state: 'ended', runId: report.runId, report });

  it('has the objectives that were missed, and what was lost', () => {
    expect(end(exampleReport)).toContain('Objectives missed\n  Analytics dashboard: RTO missed\nLoss: proven 0: ap-southeast-1 was synchronous\n');
  });

  it('says that nothing was lost and nothing measured where nothing was moved', () => {
    expect(end(stoodDownReport)).toContain(
      'Objectives: not measured: nothing was moved\nLoss: nothing by this run: nothing was moved\nOutage: not ended by this run, since ',
    );
  });

  it.each([
    [
      'recovery/shop',
      'regionalFailover',
      /^recovery\/shop cannot go on: it goes on under release 1\.0\.0-aaaaaaaa alone, .* HINT: Start one of release 1\.0\.0-aaaaaaaa, with the dist\/ .*; if nobody can, look at what it has changed by "dr status --run recovery\/shop", end it .* and start a new run/,
    ],
    [
      'fence-on-return/shop/a',
      'fenceOnReturn',
      /NOT FENCED WHEN IT COMES BACK\. HINT: .*update-options --workflow-id fence-on-return\/shop\/a --versioning-override-behavior auto_upgrade$/,
    ],
    ['dry-run/shop', 'regionalFailover', /HINT: It changes nothing: temporal workflow terminate --workflow-id dry-run\/shop/],
    ['assessment/shop/a', 'assessment', /HINT: It changes nothing: temporal workflow terminate --workflow-id assessment\/shop\/a/],
  ])('%s, whose release has no worker, is told with its own way out', (workflowId, type, told) => {
    const found = {
      since: null,
      tries: 0,
      reason: 'no worker of release 1.0.0-aaaaaaaa is there',
      incompatible: false,
      missingRelease: '1.0.0-aaaaaaaa',
      lenderGone: null,
    };
    expect(explainStuck({ workflowId, type, ...found })).toMatch(told);
  });
});
