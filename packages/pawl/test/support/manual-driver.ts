/** The manual driver of `pawl/testing`, under the name by which the tests of the kernel know it. */
export { ManualDriver } from '../../src/testing/manual-driver.ts';
