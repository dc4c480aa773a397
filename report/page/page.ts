/**
 * A report as one HTML page that needs nothing else: no script, no request, light and dark, for paper as well. Pure; the same page for the same report.
 * Loads the plotting library, so import it only where a page is made.
 */
import Mustache from 'mustache';
import { forPictures, htmlText } from '../media/html.ts';
import type { Report } from '../report.ts';
import { style } from './style.ts';
import { template } from './template.ts';
import { viewOf } from './view.ts';

/** The whole page. Throws when a picture cannot be drawn. */
export function renderPage(report: Report): string {
  return Mustache.render(template, { ...viewOf(forPictures(report)), style }, {}, { escape: (value) => htmlText(String(value)) });
}
