/** Renders the plan's message templates. A value that nobody gave is visible as such, never blank. Pure. */
import Mustache from 'mustache';
import { mailText } from '../../report/media/mail.ts';
import { inEveryText } from '../../report/media/visible.ts';

/** Text with its placeholders filled: plain text, in which a value is one line and ends. */
export function render(template: string, values: Readonly<Record<string, string>>): string {
  const visible = new Proxy(inEveryText(values, mailText), {
    has: (_target, name) => typeof name === 'string',
    get: (target, name) => (typeof name === 'string' ? (Object.hasOwn(target, name) ? target[name] : `[unknown: ${name}]`) : undefined),
  });
  return Mustache.render(template, visible, {}, { escape: (value) => String(value) });
}
