import { ADVERSARIAL } from './adversarial.ts';
import { testBodies } from './support/same.ts';

testBodies(ADVERSARIAL);
