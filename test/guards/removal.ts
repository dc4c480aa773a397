/** How a guard is taken out, and the test that must then turn red. */
export interface Removal {
  /** The guard, in the words of the safety rules. */
  readonly guard: string;
  readonly file: string;
  /** Text that stands in the file once, and what takes its place. */
  readonly edits: readonly { readonly find: string; readonly replace: string }[];
  readonly test: {
    readonly file: string;
    readonly title: string;
    /** Where the title stands, when it is not in the test's own file. */
    readonly titledIn?: string;
  };
}
