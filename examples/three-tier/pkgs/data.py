#!/usr/bin/python3
"""The data tier: entries of the guest book and a counter, in a file, served over TCP."""

import json
import os
import socketserver
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "lib"))
sys.dont_write_bytecode = True
import guestbook  # noqa: E402

PROTOCOL = 1
MOST_ENTRIES = 1000


class Store:
    """Survives crashes: a new file is written and synced before it replaces the old one."""

    def __init__(self, directory):
        os.makedirs(directory, exist_ok=True)
        self.path = os.path.join(directory, "guestbook.json")
        self.lock = threading.Lock()
        self.content = {"entries": [], "visits": 0}
        if os.path.exists(self.path):
            with open(self.path) as file:
                self.content = json.load(file)

    def save(self):
        with open(self.path + ".new", "w") as file:
            json.dump(self.content, file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(self.path + ".new", self.path)

    def answer(self, request):
        with self.lock:
            verb = request.get("do")
            if verb == "add":
                self.content["entries"].append(str(request["text"])[:200])
                del self.content["entries"][:-MOST_ENTRIES]
                self.save()
            elif verb == "visit":
                self.content["visits"] += 1
                self.save()
            elif verb != "read":
                return {"error": "unknown request"}
            return dict(self.content, protocol=PROTOCOL,
                        version=guestbook.configuration["version"])


class Handler(socketserver.StreamRequestHandler):
    timeout = 30

    def handle(self):
        for line in iter(lambda: self.rfile.readline(65536), b""):
            try:
                answer = self.server.store.answer(json.loads(line))
            except (ValueError, KeyError, AttributeError) as error:
                answer = {"error": str(error)}
            self.wfile.write(json.dumps(answer).encode() + b"\n")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def make_server():
    server = Server(guestbook.listen_address(), Handler)
    server.store = Store(os.environ.get("dataDir", "/var/lib/guestbook"))
    return server


guestbook.run_as_daemon(make_server)
