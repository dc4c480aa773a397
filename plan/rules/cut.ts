/** Texts that are longer than their place. Pure. */

/** Text of at most so many characters; what is left out is said after it. */
export function cutText(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const kept = beginning(text, lengthMax);
  return `${kept} … (${text.length - kept.length} more characters were left out)`;
}

/** At most so many characters, and never half of one that takes two units. */
export function beginning(text: string, lengthMax: number): string {
  return text.slice(0, lengthMax).replace(/[\uD800-\uDBFF]$/, '');
}
