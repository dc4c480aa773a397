/** Exit codes of `dr`, for scripts. docs/commands.md lists them. */
export const exitCodes = {
  /** It was done, and the answer is good. */
  ok: 0,
  /** A fault of the program itself. */
  fault: 1,
  /** The command line or the plan is wrong; nothing was sent. */
  badInput: 2,
  /** A guard, a gate or another run said no. */
  refused: 3,
  /** Temporal or a worker does not answer. */
  unavailable: 4,
  /** It was done, and the answer is not good: not plainly recovered, an objective missed, an estate that lacks something. */
  notGood: 5,
  /** Ctrl-C while following a run; the run goes on. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
