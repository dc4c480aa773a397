/** Laws about message templates: the file is there, and its placeholders are the ones that the plan lists. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Plan } from '../schema.ts';
import type { Problem } from './rule.ts';

const placeholder = /\{\{\{?\s*[#^/&]?\s*([A-Za-z][A-Za-z0-9]*)\s*\}?\}\}/g;

/** Problems of the templates below a plan's folder. */
export async function checkTemplates(plan: Plan, folder: string): Promise<readonly Problem[]> {
  const checked = plan.communication.templates.map(async (template, index): Promise<readonly Problem[]> => {
    const path = ['communication', 'templates', index];
    const problem = (message: string): Problem => ({ rule: 'templates', level: 'error', path, message });
    let text: string;
    try {
      text = await readFile(resolve(folder, template.file), 'utf8');
    } catch {
      return [problem(`The file ${template.file} cannot be read. Create it below the plan's folder.`)];
    }
    const used = new Set([...`${template.subject ?? ''}\n${text}`.matchAll(placeholder)].map((match) => match[1] ?? ''));
    const undeclared = [...used].filter((name) => !template.placeholders.includes(name));
    const unused = template.placeholders.filter((name) => !used.has(name));
    return [
      ...undeclared.map((name) => problem(`{{${name}}} stands in ${template.file} and not in its placeholders. Add it there, or take it out of the text.`)),
      ...unused.map((name) => problem(`The placeholder ${name} is listed and ${template.file} does not use it. Use it, or take it off the list.`)),
    ];
  });
  return (await Promise.all(checked)).flat();
}
