"""kafka-python, written in Python alone."""

import sys

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import ProducerFencedError
from kafka.structs import OffsetAndMetadata
from polled_member import PolledMember
from serve import data, serve, text


class Driver:
    def __init__(self, bootstrap):
        self._options = {"bootstrap_servers": bootstrap, "client_id": "kafka-python"}
        self._admin = KafkaAdminClient(**self._options)

    def createTopic(self, topic, partitions, configs):
        shape = {"num_partitions": partitions, "replication_factor": 1, "configs": configs}
        self._admin.create_topics({topic: shape})

    def addPartitions(self, topic, total):
        self._admin.create_partitions({topic: total})

    def deleteTopic(self, topic):
        self._admin.delete_topics([topic])

    def partitions(self, topic):
        if topic not in self._admin.list_topics():
            return 0
        [described] = self._admin.describe_topics([topic])
        return len(described["partitions"])

    def setting(self, topic, name):
        resource = ConfigResource(ConfigResourceType.TOPIC, topic)
        [described] = self._admin.describe_configs([resource], config_filter="all").values()
        return described[topic][name]["value"]

    def changeSetting(self, topic, name, value):
        self._admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {name: value})])

    def produce(self, topic, records, how):
        codec = None if how["codec"] == "none" else how["codec"]
        producer = KafkaProducer(**self._options, acks="all", compression_type=codec, enable_idempotence=how["idempotent"])
        sent = [
            producer.send(
                topic,
                partition=0,
                key=data(record.get("key")),
                value=data(record["value"]),
                headers=[(name, data(value)) for name, value in record.get("headers", {}).items()],
                timestamp_ms=record.get("timestamp"),
            )
            for record in records
        ]
        producer.flush()
        for future in sent:
            future.get(timeout=10)
        producer.close()

    def read(self, topic, position, count):
        consumer = KafkaConsumer(**self._options)
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        if "timestamp" in position:
            offset = consumer.offsets_for_times({partition: position["timestamp"]})[partition].offset
        else:
            offset = position["offset"]
        consumer.seek(partition, offset)
        records = []
        while len(records) < count:
            for messages in consumer.poll(timeout_ms=1_000, max_records=count - len(records)).values():
                records += [record_of(message) for message in messages]
        consumer.close()
        return records

    def join(self, group, topic, isolation):
        return PolledMember(lambda: Polled(self._member(group, topic, isolation)))

    def transactionalProducer(self, transactional_id):
        return Transactional(KafkaProducer(**self._options, transactional_id=transactional_id))

    def transformer(self, transactional_id, group, topic):
        consumer = self._member(group, topic, "read_committed")
        return Transformer(KafkaProducer(**self._options, transactional_id=transactional_id), consumer)

    def committed(self, group, topic):
        found = self._admin.list_group_offsets({group: [TopicPartition(topic, 0)]})[group]
        return found[TopicPartition(topic, 0)].offset

    def groupState(self, group):
        return self._admin.describe_groups([group])[group]["group_state"]

    def deleteGroup(self, group):
        self._admin.delete_groups([group])

    def deleteRecords(self, topic, before):
        self._admin.delete_records({TopicPartition(topic, 0): before})

    def close(self):
        self._admin.close()

    def _member(self, group, topic, isolation):
        consumer = KafkaConsumer(
            topic,
            **self._options,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            isolation_level=isolation,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=200,
        )
        # A fault of kafka-python 3.0.12: a leader that joins again because it learnt of partitions, and whose poll times out
        # meanwhile, forgets the assignment that it was given. One that knows the partitions before it joins has no such reason.
        while not consumer.partitions_for_topic(topic):
            pass
        return consumer


class Polled:
    def __init__(self, consumer):
        self._consumer = consumer

    def poll(self):
        fetched = self._consumer.poll(timeout_ms=100).values()
        return [text(message.value) for messages in fetched for message in messages]

    def assigned(self):
        return [each.partition for each in self._consumer.assignment()]

    def commit(self):
        self._consumer.commit()

    def close(self):
        self._consumer.close()


class Transactional:
    def __init__(self, producer):
        self._producer = producer
        producer.init_transactions()

    def begin(self):
        self._producer.begin_transaction()

    def send(self, topic, values):
        for value in values:
            self._producer.send(topic, partition=0, value=data(value)).get(timeout=10)

    def commit(self):
        try:
            self._producer.commit_transaction()
        except ProducerFencedError:
            return "fenced"
        return "committed"

    def abort(self):
        self._producer.abort_transaction()

    def close(self):
        self._producer.close()


class Transformer(Transactional):
    def __init__(self, producer, consumer):
        super().__init__(producer)
        self._consumer = consumer

    def take(self, count):
        taken = []
        while len(taken) < count:
            for messages in self._consumer.poll(timeout_ms=100, max_records=count - len(taken)).values():
                taken += [text(message.value) for message in messages]
        return taken

    def sendOffsets(self):
        partitions = self._consumer.assignment()
        offsets = {each: OffsetAndMetadata(self._consumer.position(each), "", -1) for each in partitions}
        self._producer.send_offsets_to_transaction(offsets, self._consumer.group_metadata())

    def close(self):
        super().close()
        self._consumer.close()


def record_of(message):
    headers = {name: text(value) for name, value in message.headers}
    return {"offset": message.offset, "key": text(message.key), "value": text(message.value), "headers": headers}


serve(Driver(sys.argv[1]))
