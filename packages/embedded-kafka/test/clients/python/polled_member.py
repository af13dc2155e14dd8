"""A member of a group whose consumer belongs to one thread, which polls it all the time: members must poll to follow a rebalance."""

import queue
import threading


class PolledMember:
    def __init__(self, open_consumer):
        """`open_consumer` gives an object with poll() -> values, assigned(), commit() and close()."""
        self._jobs = queue.Queue()
        self._values = []
        self._changed = threading.Condition()
        self._is_open = True
        threading.Thread(target=self._run, args=(open_consumer,), daemon=True).start()

    def assigned(self):
        return self._ask(lambda consumer: sorted(consumer.assigned()))

    def take(self, count):
        with self._changed:
            self._changed.wait_for(lambda: len(self._values) >= count)
            taken, self._values = self._values[:count], self._values[count:]
            return taken

    def commit(self):
        self._ask(lambda consumer: consumer.commit())

    def leave(self):
        def close(consumer):
            consumer.close()
            self._is_open = False

        self._ask(close)

    def _run(self, open_consumer):
        consumer = open_consumer()
        while self._is_open:
            values = consumer.poll()
            with self._changed:
                self._values += values
                self._changed.notify_all()
            while not self._jobs.empty():
                job, done = self._jobs.get()
                try:
                    done.put((job(consumer), None))
                except Exception as error:
                    done.put((None, error))

    def _ask(self, job):
        done = queue.Queue()
        self._jobs.put((job, done))
        result, error = done.get()
        if error:
            raise error
        return result
