export type { DescribeDriverOptions } from './conformance/describe-driver.ts'
export { describeDriver } from './conformance/describe-driver.ts'
export { describePublishSubscribe } from './conformance/describe-publish-subscribe.ts'
export type { DriverFeature, DriverHarness } from './conformance/driver-bench.ts'
