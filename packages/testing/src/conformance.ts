export type { DescribeDriverOptions } from './conformance/describe-driver.ts'
export { describeDriver } from './conformance/describe-driver.ts'
export type { DriverFeature, DriverHarness } from './conformance/driver-bench.ts'
