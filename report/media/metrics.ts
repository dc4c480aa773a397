/** Text from outside as the value of a label, by the text format of Prometheus. Pure. */
import { visible } from './visible.ts';

export function labelText(text: string): string {
  return visible(text).replace(/[\\"]/g, (found) => `\\${found}`);
}
