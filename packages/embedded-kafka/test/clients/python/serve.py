"""
Serves a driver to the process that started this one. Calls come as lines of JSON on stdin, such as
{"id": 1, "call": "partitions", "args": ["orders"]}, and are answered on stdout with {"id": 1, "result": 3}
or {"id": 1, "error": "..."}. What `join` and the like return stays here and is called by its number:
{"id": 2, "on": 1, "call": "take", "args": [3]}.
"""

import json
import sys
import threading


def serve(driver):
    kept = {}
    writing = threading.Lock()

    def answer(request):
        try:
            target = kept[request["on"]] if "on" in request else driver
            result = getattr(target, request["call"])(*request["args"])
            if request["call"] in ("join", "transactionalProducer", "transformer"):
                kept[request["id"]] = result
                result = request["id"]
            reply = {"id": request["id"], "result": result}
        except Exception as error:
            reply = {"id": request["id"], "error": f"{type(error).__name__}: {error}"}
        with writing:
            print(json.dumps(reply), flush=True)

    for line in sys.stdin:
        threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()


def text(data):
    return None if data is None else data.decode()


def data(value):
    return None if value is None else value.encode()
