"""A queue that tries again what did not work."""

import time

LONGEST_PAUSE = 60


class Queue:
    def __init__(self, clock=time.monotonic):
        self.clock = clock
        self.waiting = []

    def put(self, job, pause=1):
        self.waiting.append((self.clock() + pause, pause, job))

    # ask: why does the pause grow, and how far?
    def failed(self, job, pause):
        pause = min(pause * 2, LONGEST_PAUSE)
        self.put(job, pause)

    def due(self):
        now = self.clock()
        return [job for at, _, job in self.waiting if at <= now]
