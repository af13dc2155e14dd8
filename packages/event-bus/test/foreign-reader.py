"""Reads and writes events with Apache Avro's own library for Python: what a reader that is not ours makes of the wire format.

Takes one JSON document on standard input: {"schema": <envelope schema>, "values": [hex, ...]}. Gives one on standard output: for each value the
fingerprint it is framed with, its content with everything that JSON lacks as text, and the same content written anew by this library, as hex.
"""

import datetime
import decimal
import io
import json
import sys
import uuid

import avro.io
import avro.schema


def as_json(value):
    if isinstance(value, bytes):
        return "hex:" + value.hex()
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    # Beyond 2^53 a JSON number would not come out as it went in.
    if isinstance(value, int) and not isinstance(value, bool):
        return "int:" + str(value)
    return value


def main():
    request = json.load(sys.stdin)
    schema = avro.schema.parse(json.dumps(request["schema"]))
    answers = []
    for text in request["values"]:
        frame = bytes.fromhex(text)
        assert frame[:2] == b"\xc3\x01", "not in single-object encoding"
        body = io.BytesIO(frame[10:])
        value = avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(body))
        assert body.read() == b"", "bytes follow the value"
        written = io.BytesIO()
        avro.io.DatumWriter(schema).write(value, avro.io.BinaryEncoder(written))
        answers.append(
            {
                "fingerprint": str(int.from_bytes(frame[2:10], "little")),
                "value": as_json(value),
                "rewritten": written.getvalue().hex(),
            }
        )
    json.dump(answers, sys.stdout)


main()
