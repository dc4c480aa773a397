/** Exit codes of `dr`, for scripts. */
export const exitCodes = { ok: 0, fault: 1, badInput: 2, refused: 3, unavailable: 4, notGood: 5, exportFailed: 6, noBrowser: 7, interrupted: 130 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What each of them means, for people. */
export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'done, and the answer is good',
  fault: 'a fault of the program itself',
  badInput: 'bad input: command line, plan or run id; nothing was sent',
  refused: 'refused by a guard, the gate, the run, or because another run holds the estate',
  unavailable: 'no Temporal server or no worker answers',
  notGood:
    'done, and the answer is not good: not plainly recovered or done, an objective missed, an estate that lacks something, an open workflow that cannot go on',
  exportFailed: 'a file that was asked for could not be written; a run is as it was',
  noBrowser: 'a PDF was asked for, and there is no Chromium on the PATH or in DR_CHROMIUM; the run is as it was',
  interrupted: 'Ctrl-C while following or watching; a run goes on',
};
