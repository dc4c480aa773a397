/** Characters that do not stand in a line as themselves. Pure. */

/**
 * For a class of a regular expression with the flag `u`: control characters and ends of lines would forge lines and reach terminals; the marks of writing direction would
 * show a text in another order than programs read it.
 */
export const unprintable = '\\p{Cc}\\p{Zl}\\p{Zp}\\u202a-\\u202e\\u2066-\\u2069';
