"""aiokafka, for asyncio: one event loop in a thread of its own runs everything."""

import asyncio
import sys
import threading

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import ProducerFenced
from serve import data, serve, text

loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()


def run(coroutine):
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result()


class Driver:
    def __init__(self, bootstrap):
        self._options = {"bootstrap_servers": bootstrap, "client_id": "aiokafka"}
        self._admin = run(self._open(AIOKafkaAdminClient))

    def createTopic(self, topic, partitions, configs):
        wanted = NewTopic(topic, num_partitions=partitions, replication_factor=1, topic_configs=configs)
        run(self._admin.create_topics([wanted]))

    def addPartitions(self, topic, total):
        run(self._admin.create_partitions({topic: NewPartitions(total)}))

    def deleteTopic(self, topic):
        run(self._admin.delete_topics([topic]))

    def partitions(self, topic):
        if topic not in run(self._admin.list_topics()):
            return 0
        [described] = run(self._admin.describe_topics([topic]))
        return len(described["partitions"])

    def setting(self, topic, name):
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, configs={name: None})
        [response] = run(self._admin.describe_configs([resource]))
        _error, _message, _type, _name, entries = response.resources[0][:5]
        return entries[0][1]

    def changeSetting(self, topic, name, value):
        run(self._admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs={name: value})]))

    def produce(self, topic, records, how):
        run(self._produce(topic, records, how))

    def read(self, topic, position, count):
        return run(self._read(topic, position, count))

    def join(self, group, topic, isolation):
        return Member(run(self._consumer_of(group, topic, isolation)))

    def transactionalProducer(self, transactional_id):
        return Transactional(run(self._open(AIOKafkaProducer, transactional_id=transactional_id)))

    def transformer(self, transactional_id, group, topic):
        consumer = run(self._consumer_of(group, topic, "read_committed"))
        producer = run(self._open(AIOKafkaProducer, transactional_id=transactional_id))
        return Transformer(producer, consumer, group)

    def committed(self, group, topic):
        partition = TopicPartition(topic, 0)
        return run(self._admin.list_consumer_group_offsets(group, partitions=[partition]))[partition].offset

    def groupState(self, group):
        [response] = run(self._admin.describe_consumer_groups([group]))
        _error, _group, state = response.groups[0][:3]
        return state

    def deleteRecords(self, topic, before):
        run(self._admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before)}))

    def close(self):
        run(self._admin.close())

    async def _open(self, kind, *args, **options):
        client = kind(*args, **self._options, **options)
        await client.start()
        return client

    async def _produce(self, topic, records, how):
        codec = None if how["codec"] == "none" else how["codec"]
        producer = await self._open(
            AIOKafkaProducer, acks="all", compression_type=codec, enable_idempotence=how["idempotent"]
        )
        for record in records:
            await producer.send_and_wait(
                topic,
                partition=0,
                key=data(record.get("key")),
                value=data(record["value"]),
                headers=[(name, data(value)) for name, value in record.get("headers", {}).items()],
                timestamp_ms=record.get("timestamp"),
            )
        await producer.stop()

    def _consumer_of(self, group, topic, isolation):
        return self._open(
            AIOKafkaConsumer,
            topic,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            isolation_level=isolation,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=200,
        )

    async def _read(self, topic, position, count):
        consumer = await self._open(AIOKafkaConsumer)
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        if "timestamp" in position:
            offset = (await consumer.offsets_for_times({partition: position["timestamp"]}))[partition].offset
        else:
            offset = position["offset"]
        consumer.seek(partition, offset)
        records = [record_of(await consumer.getone()) for _ in range(count)]
        await consumer.stop()
        return records


class Member:
    def __init__(self, consumer):
        self._consumer = consumer

    def assigned(self):
        return sorted(each.partition for each in self._consumer.assignment())

    def take(self, count):
        return [text(run(self._consumer.getone()).value) for _ in range(count)]

    def commit(self):
        run(self._consumer.commit())

    def leave(self):
        run(self._consumer.stop())


class Transactional:
    def __init__(self, producer):
        self._producer = producer

    def begin(self):
        run(self._producer.begin_transaction())

    def send(self, topic, values):
        for value in values:
            run(self._producer.send_and_wait(topic, partition=0, value=data(value)))

    def commit(self):
        try:
            run(self._producer.commit_transaction())
        except ProducerFenced:
            return "fenced"
        return "committed"

    def abort(self):
        run(self._producer.abort_transaction())

    def close(self):
        run(self._producer.stop())


class Transformer(Transactional):
    def __init__(self, producer, consumer, group):
        super().__init__(producer)
        self._consumer = consumer
        self._group = group

    def take(self, count):
        return [text(run(self._consumer.getone()).value) for _ in range(count)]

    def sendOffsets(self):
        partitions = self._consumer.assignment()
        offsets = {partition: run(self._consumer.position(partition)) for partition in partitions}
        run(self._producer.send_offsets_to_transaction(offsets, self._group))

    def close(self):
        super().close()
        run(self._consumer.stop())


def record_of(message):
    headers = {name: text(value) for name, value in message.headers}
    return {"offset": message.offset, "key": text(message.key), "value": text(message.value), "headers": headers}


serve(Driver(sys.argv[1]))
