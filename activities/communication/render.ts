/** Renders the plan's message templates. A value that nobody gave is visible as such, never blank. Pure. */
import Mustache from 'mustache';

/** Text with its placeholders filled; plain text, so nothing is escaped. */
export function render(template: string, values: Readonly<Record<string, string>>): string {
  const visible = new Proxy(values, {
    has: (_target, name) => typeof name === 'string',
    get: (target, name) => (typeof name === 'string' ? (Object.hasOwn(target, name) ? target[name] : `[unknown: ${name}]`) : undefined),
  });
  return Mustache.render(template, visible, {}, { escape: (value) => String(value) });
}
