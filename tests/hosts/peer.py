"""A peer with a valid key and bad manners, inside of CURVE. Run on a test host by hostile_test.py.

Usage: peer.py noise|flood ENDPOINT SERVER_KEY KEY_FILE WIRE SECONDS

noise: random bytes, and the messages of WIRE (golden encodings) with flipped bits, in frames that are right or nearly so.
flood: opens a client's session and asks for the status without pause, in full frames, and never reads an answer.
"""

import ctypes
import os
import random
import struct
import sys
import time

DEALER, LINGER, SNDHWM, RCVHWM, SNDTIMEO = 5, 17, 23, 24, 28
CURVE_PUBLICKEY, CURVE_SECRETKEY, CURVE_SERVERKEY = 48, 49, 50
KIND_HELLO, KIND_REQUEST, VERB_STATUS, ROLE_CLIENT = 1, 19, 1, 3
FIELDS = 16  # of a root struct, behind the segment table and the root's pointer

zmq = ctypes.CDLL("libzmq.so.5")
zmq.zmq_ctx_new.restype = ctypes.c_void_p
zmq.zmq_socket.restype = ctypes.c_void_p
for name in ("socket", "setsockopt", "connect", "send", "close"):
    getattr(zmq, f"zmq_{name}").argtypes = {
        "socket": [ctypes.c_void_p, ctypes.c_int],
        "setsockopt": [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t],
        "connect": [ctypes.c_void_p, ctypes.c_char_p],
        "send": [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int],
        "close": [ctypes.c_void_p]}[name]
context = zmq.zmq_ctx_new()


class Peer:
    def __init__(self, endpoint, server_key, key_file):
        with open(key_file, encoding="ascii") as file:
            keys = dict(line.split() for line in file if line[0] not in "#\n")
        self.socket = zmq.zmq_socket(context, DEALER)
        for option, value in ((LINGER, 500), (SNDHWM, 16), (RCVHWM, 1), (SNDTIMEO, 200)):
            self.set(option, struct.pack("i", value))
        for option, key in ((CURVE_SERVERKEY, server_key), (CURVE_PUBLICKEY, keys["public"]),
                            (CURVE_SECRETKEY, keys["secret"])):
            self.set(option, key.encode() + b"\0")
        self.check(zmq.zmq_connect(self.socket, endpoint.encode()), "connect")

    def set(self, option, value):
        self.check(zmq.zmq_setsockopt(self.socket, option, value, len(value)), f"option {option}")

    @staticmethod
    def check(status, what):
        if status != 0:
            sys.exit(f"{what} failed")

    def send(self, frame):
        """False: nobody takes it now."""
        return zmq.zmq_send(self.socket, frame, len(frame), 0) >= 0

    def close(self):
        zmq.zmq_close(self.socket)


def padded(part):
    return part + bytes(-len(part) % 8)


def batch(messages):
    lengths = b"".join(struct.pack("<II", len(header), len(body)) for header, body in messages)
    parts = b"".join(padded(header) + padded(body) for header, body in messages)
    return struct.pack("<4sHHII", b"ErB1", 1, 0, len(messages), 0) + lengths + parts


def golden(wire):
    texts = {}
    for name in sorted(os.listdir(wire)):
        with open(os.path.join(wire, name), encoding="ascii") as file:
            texts[name.removesuffix(".hex")] = bytes.fromhex("".join(file.read().split()))
    return texts


def patched(message, *words):
    """With these 16-bit fields in place of its first ones."""
    return message[:FIELDS] + struct.pack(f"<{len(words)}H", *words) + message[FIELDS + 2 * len(words):]


def flipped(generator, text, most):
    text = bytearray(text)
    for _ in range(generator.randrange(most + 1)):
        text[generator.randrange(len(text))] ^= 1 << generator.randrange(8)
    return bytes(text)


def noise(connect, texts, seconds):
    generator = random.Random(11)
    headers = [text for name, text in texts.items() if name.startswith(("header", "bulk"))]
    headers += [patched(texts["header-0"], kind, generator.randrange(14)) for kind in range(24)]
    bodies = list(texts.values())
    end = time.monotonic() + seconds
    peer, sent = connect(), 0
    while time.monotonic() < end:
        messages = [(flipped(generator, generator.choice(headers), 2), flipped(generator, generator.choice(bodies), 3))
                    for _ in range(generator.randrange(1, 20))]
        frame = [lambda: batch(messages), lambda: flipped(generator, batch(messages), 4),
                 lambda: batch(messages)[:generator.randrange(1, 400)],
                 lambda: generator.randbytes(generator.randrange(1, 2000))][generator.randrange(4)]()
        sent += peer.send(frame)
        if generator.randrange(100) == 0:
            peer.close()
            peer = connect()
    peer.close()
    return sent


def flood(connect, texts, seconds):
    request = (patched(texts["header-0"], KIND_REQUEST, VERB_STATUS), texts["request"])
    frame = batch([request] * 500)
    end = time.monotonic() + seconds
    sent = 0
    while time.monotonic() < end:
        peer = connect()
        peer.send(batch([(patched(texts["header-0"], KIND_HELLO), patched(texts["hello"], ROLE_CLIENT))]))
        for _ in range(20):
            sent += peer.send(frame)
        peer.close()
    return sent


def main(mode, endpoint, server_key, key_file, wire, seconds):
    texts = golden(wire)
    sent = {"noise": noise, "flood": flood}[mode](lambda: Peer(endpoint, server_key, key_file), texts, float(seconds))
    print(f"{mode}: {sent} frames were taken")
    sys.exit(0 if sent > 50 else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
