/** Shapes of standbys, caches, hosts and other managers: each works and leaves nothing behind, is refused before anything is changed, or says what is less. */
import { describeShapes, quick } from './quick.ts';

describeShapes(quick.servers);
