/** Looks for texts that are hard to read. The code runs in the browser, whose types this project has not, so it is text here. */
import type { Page } from 'playwright-core';

/** Texts of the page whose contrast with their ground is below `least`, by WCAG's formula, each as `text ratio`. */
export async function faintTexts(page: Page, least: number): Promise<string[]> {
  return page.evaluate<string[]>(`(${finder})(${least})`);
}

const finder = String.raw`(least) => {
  const parse = (text) => {
    const [r = 0, g = 0, b = 0, a = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
    return { rgb: [r, g, b], opaque: a === 1 };
  };
  const luminance = ({ rgb }) => {
    const [r, g, b] = rgb.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    if (!element) return parse('255 255 255');
    const own = parse(getComputedStyle(element).backgroundColor);
    return own.opaque ? own : ground(element.parentElement);
  };
  const ownText = (element) => [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.textContent.trim()).join('');
  return [...document.body.querySelectorAll('*')].flatMap((element) => {
    const text = ownText(element);
    if (text === '') return [];
    const style = getComputedStyle(element);
    const ink = parse(element instanceof SVGElement ? style.fill : style.color);
    const [light, dark] = [luminance(ink), luminance(ground(element))].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    return ratio < least ? [text.slice(0, 40) + ' ' + ratio.toFixed(1)] : [];
  });
}`;
