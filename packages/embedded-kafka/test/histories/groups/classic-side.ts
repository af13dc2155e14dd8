/** A cluster whose group of the classic protocol a history is about. */
import { Members } from './members.ts'
import { type Seat, Side } from './side.ts'

export const partitions = 2

export class ClassicSide extends Side {
  readonly topic: string
  readonly members: Members
  /** Of the group, when it was described last. */
  size = 0

  private constructor(seat: Seat, topic: string, members: Members) {
    super(seat, members.names)
    this.topic = topic
    this.members = members
  }

  static async of(address: string, suffix: string): Promise<ClassicSide> {
    const seat = await Side.seat(address, suffix)
    return new ClassicSide(seat, await seat.session.createTopic('members', partitions), new Members())
  }
}
