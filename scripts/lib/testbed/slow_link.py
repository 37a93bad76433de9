"""Carries Ethernet frames between two interfaces, late and not all of them.

Usage: slow_link.py INTERFACE INTERFACE DELAY_MS LOSS_PERCENT SEED

What `tc netem` does, for kernels without it: each frame is passed on DELAY_MS after it came, and
LOSS_PERCENT of them never. In the order of arrival. Ends when one of the interfaces does.
"""

import collections
import random
import select
import socket
import sys
import time

SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 15, 23
ETH_P_ALL = 3
LARGEST = 65536 + 64
LIMIT = 20000  # frames on the way in one direction, as of a real link


def open_interface(name):
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    # Frames keep what the kernel left to the hardware (checksums, segments), else nobody would do it.
    packets.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    packets.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    packets.bind((name, 0))
    packets.setblocking(False)
    return packets


class Direction:
    def __init__(self, source, sink):
        self.source, self.sink = source, sink
        self.waiting = collections.deque()

    def take(self, due, lost):
        while True:
            try:
                frame = self.source.recv(LARGEST)
            except BlockingIOError:
                return
            if not lost() and len(self.waiting) < LIMIT:
                self.waiting.append((due, frame))

    def pass_on(self, now):
        while self.waiting and self.waiting[0][0] <= now:
            try:
                self.sink.send(self.waiting.popleft()[1])
            except BlockingIOError:
                pass  # a full queue loses frames, on a real link too


def main(first, second, delay_ms, loss_percent, seed):
    generator = random.Random(int(seed))
    delay, loss = float(delay_ms) / 1000, float(loss_percent) / 100
    one, other = open_interface(first), open_interface(second)
    directions = [Direction(one, other), Direction(other, one)]
    while True:
        due = [d.waiting[0][0] for d in directions if d.waiting]
        wait = max(0.0, min(due) - time.monotonic()) if due else None
        select.select([one, other], [], [], wait)
        now = time.monotonic()
        for direction in directions:
            direction.take(now + delay, lambda: generator.random() < loss)
            direction.pass_on(now)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError:
        sys.exit(0)  # an interface is gone: so is the link
