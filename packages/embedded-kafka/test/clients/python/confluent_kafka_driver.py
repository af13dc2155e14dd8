"""librdkafka, by its Python binding."""

import sys

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka import ConsumerGroupTopicPartitions as GroupPartitions
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)
from polled_member import PolledMember
from serve import data, serve, text


class Driver:
    def __init__(self, bootstrap, protocol):
        self._protocol = protocol
        self._options = {"bootstrap.servers": bootstrap, "client.id": "confluent-kafka", "log_level": 0}
        self._admin = AdminClient(self._options)

    def createTopic(self, topic, partitions, configs):
        wanted = NewTopic(topic, num_partitions=partitions, replication_factor=1, config=configs)
        self._admin.create_topics([wanted])[topic].result()

    def addPartitions(self, topic, total):
        self._admin.create_partitions([NewPartitions(topic, total)])[topic].result()

    def deleteTopic(self, topic):
        self._admin.delete_topics([topic])[topic].result()

    def partitions(self, topic):
        known = self._admin.list_topics(timeout=10).topics
        return len(known[topic].partitions) if topic in known else 0

    def setting(self, topic, name):
        resource = ConfigResource(ResourceType.TOPIC, topic)
        return self._admin.describe_configs([resource])[resource].result()[name].value

    def changeSetting(self, topic, name, value):
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        self._admin.incremental_alter_configs([resource])[resource].result()

    def produce(self, topic, records, how):
        producer = Producer(
            {**self._options, "compression.type": how["codec"], "enable.idempotence": how["idempotent"]}
        )
        failures = []
        for record in records:
            producer.produce(
                topic,
                partition=0,
                key=data(record.get("key")),
                value=data(record["value"]),
                headers=list(record.get("headers", {}).items()),
                timestamp=record.get("timestamp", 0),
                on_delivery=lambda error, _message: error and failures.append(error),
            )
        producer.flush()
        if failures:
            raise KafkaException(failures[0])

    def read(self, topic, position, count):
        consumer = Consumer({**self._options, "group.id": "unused", "enable.auto.commit": False})
        if "timestamp" in position:
            [found] = consumer.offsets_for_times([TopicPartition(topic, 0, position["timestamp"])], timeout=10)
            offset = found.offset
        else:
            offset = position["offset"]
        consumer.assign([TopicPartition(topic, 0, offset)])
        records = []
        while len(records) < count:
            records += [record_of(message) for message in good(consumer.consume(count - len(records), timeout=1))]
        consumer.close()
        return records

    def join(self, group, topic, isolation):
        options = self._member(group, isolation)
        return PolledMember(lambda: Polled(Consumer(options), topic))

    def transactionalProducer(self, transactional_id):
        return Transactional(Producer({**self._options, "transactional.id": transactional_id}))

    def transformer(self, transactional_id, group, topic):
        consumer = Consumer(self._member(group, "read_committed"))
        consumer.subscribe([topic])
        return Transformer(Producer({**self._options, "transactional.id": transactional_id}), consumer)

    def committed(self, group, topic):
        asked = GroupPartitions(group, [TopicPartition(topic, 0)])
        found = self._admin.list_consumer_group_offsets([asked])[group].result()
        return max(-1, found.topic_partitions[0].offset)

    def groupState(self, group):
        state = self._admin.describe_consumer_groups([group])[group].result().state.name
        return "".join(word.capitalize() for word in state.split("_"))

    def deleteGroup(self, group):
        self._admin.delete_consumer_groups([group])[group].result()

    def deleteRecords(self, topic, before):
        [result] = self._admin.delete_records([TopicPartition(topic, 0, before)]).values()
        result.result()

    def close(self):
        pass

    def _member(self, group, isolation):
        options = {
            **self._options,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "group.protocol": self._protocol,
            "isolation.level": isolation,
        }
        if self._protocol == "classic":
            # In the other protocol they are the broker's.
            options |= {"session.timeout.ms": 10_000, "heartbeat.interval.ms": 200}
        return options


class Polled:
    def __init__(self, consumer, topic):
        self._consumer = consumer
        consumer.subscribe([topic])

    def poll(self):
        return [text(message.value()) for message in good(self._consumer.consume(100, timeout=0.1))]

    def assigned(self):
        return [each.partition for each in self._consumer.assignment()]

    def commit(self):
        self._consumer.commit(asynchronous=False)

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
            self._producer.produce(topic, partition=0, value=data(value))
        self._producer.flush()

    def commit(self):
        try:
            self._producer.commit_transaction()
        except KafkaException as failure:
            if failure.args[0].code() == KafkaError._FENCED:
                return "fenced"
            raise
        return "committed"

    def abort(self):
        self._producer.abort_transaction()

    def close(self):
        pass


class Transformer(Transactional):
    def __init__(self, producer, consumer):
        super().__init__(producer)
        self._consumer = consumer

    def take(self, count):
        taken = []
        while len(taken) < count:
            taken += [text(message.value()) for message in good(self._consumer.consume(count - len(taken), timeout=0.1))]
        return taken

    def sendOffsets(self):
        positions = self._consumer.position(self._consumer.assignment())
        self._producer.send_offsets_to_transaction(positions, self._consumer.consumer_group_metadata())

    def close(self):
        self._consumer.close()


def good(messages):
    for message in messages:
        if message.error():
            raise KafkaException(message.error())
    return messages


def record_of(message):
    headers = {name: text(value) for name, value in message.headers() or []}
    return {"offset": message.offset(), "key": text(message.key()), "value": text(message.value()), "headers": headers}


serve(Driver(sys.argv[1], sys.argv[2]))
