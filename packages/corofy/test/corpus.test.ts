import { CORPUS } from './corpus.ts';
import { testBodies } from './support/same.ts';

testBodies(CORPUS);
