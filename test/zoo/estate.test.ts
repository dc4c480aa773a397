/** Shapes of who is let in, who writes besides, and whom a commit waits for: each works and leaves nothing behind, is refused before anything is changed, or says what is less. */
import { describeShapes, quick } from './quick.ts';

describeShapes(quick.access);
