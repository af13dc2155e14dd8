import type { Driver } from './driver.ts'

/** For a client that has none, and borrows that of another. */
export function administrationOf(driver: Driver) {
  return {
    createTopic: driver.createTopic.bind(driver),
    addPartitions: driver.addPartitions.bind(driver),
    deleteTopic: driver.deleteTopic.bind(driver),
    partitions: driver.partitions.bind(driver),
    setting: driver.setting.bind(driver),
    changeSetting: driver.changeSetting.bind(driver),
    committed: driver.committed.bind(driver),
    groupState: driver.groupState.bind(driver),
    deleteGroup: driver.deleteGroup.bind(driver),
    deleteRecords: driver.deleteRecords.bind(driver),
  }
}
