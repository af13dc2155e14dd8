/** Clients of Python: each is a driver in `python/`. */
import path from 'node:path'
import { type Client, type GroupProtocol, groupScenarios } from './driver.ts'
import { ProcessCalls } from './process-calls.ts'
import { ProcessDriver } from './process-driver.ts'

function pythonClient(
  name: string,
  script: string,
  over: Partial<Client> = {},
  protocol: GroupProtocol = 'classic',
): Client {
  return {
    name,
    start(bootstrap) {
      const python = process.env['TRIBUTARY_REAL_PYTHON_CLIENTS']
      if (!python)
        throw new Error('there is no Python: set TRIBUTARY_REAL_PYTHON_CLIENTS to an interpreter with the clients')
      const file = path.join(import.meta.dirname, 'python', script)
      const calls = new ProcessCalls(python, [file, bootstrap, protocol])
      return Promise.resolve(new ProcessDriver(calls, () => calls.end()))
    },
    ...over,
  }
}

export const aiokafka: Client = pythonClient('aiokafka', 'aiokafka_driver.py', {
  cannot: { admin: 'aiokafka cannot delete groups' },
})
export const confluentKafka: Client = pythonClient('confluent-kafka', 'confluent_kafka_driver.py')
export const confluentKafkaInConsumerGroups: Client = pythonClient(
  'confluent-kafka-consumer',
  'confluent_kafka_driver.py',
  { only: groupScenarios },
  'consumer',
)
export const kafkaPython: Client = pythonClient('kafka-python', 'kafka_python_driver.py')
