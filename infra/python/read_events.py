"""Reads a topic from its beginning to its present end and prints one JSON line a record: the view of a service that knows nothing of Tributary.

usage: read_events.py BROKERS TOPIC SCHEMA_FILE

SCHEMA_FILE holds the Avro schema of the envelope as JSON. Each value is checked to be Avro single-object encoding (C3 01, CRC-64-AVRO of that schema's
canonical form in little-endian, datum) with fastavro's own canonical form and fingerprint.
"""

import io
import json
import sys

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form
from kafka import KafkaConsumer, TopicPartition


def text(value):
    return None if value is None else value.decode("utf-8")


def plain(value):
    """What JSON has no type for, as text."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def exact(value):
    """Integers that a JSON reader with doubles would round, as text."""
    if isinstance(value, dict):
        return {name: exact(item) for name, item in value.items()}
    if isinstance(value, list):
        return [exact(item) for item in value]
    return str(value) if isinstance(value, int) and abs(value) > 2**53 else value


def main(brokers, topic, schema_file):
    with open(schema_file, encoding="utf-8") as file:
        source = json.load(file)
    schema = fastavro.parse_schema(source)
    expected = bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))
    consumer = KafkaConsumer(bootstrap_servers=brokers.split(","), enable_auto_commit=False, consumer_timeout_ms=10_000)
    partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    left = sum(consumer.end_offsets(partitions).values())
    while left > 0:
        record = next(consumer)
        left -= 1
        if record.value[:2] != b"\xc3\x01":
            raise SystemExit(f"offset {record.offset}: no single-object encoding: {record.value[:2].hex()}")
        if record.value[2:10] not in (expected, expected[::-1]):
            raise SystemExit(f"offset {record.offset}: fingerprint {record.value[2:10].hex()} is not {expected.hex()}")
        envelope = fastavro.schemaless_reader(io.BytesIO(record.value[10:]), schema)
        headers = {name: text(value) for name, value in record.headers}
        print(json.dumps({"key": text(record.key), "headers": headers, "envelope": exact(envelope)}, default=plain, sort_keys=True))
    consumer.close()


main(*sys.argv[1:])
