#!/usr/bin/python3
"""The API tier: the guest book as JSON over HTTP. From version 2.0 on it counts visits."""

import http.server
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "lib"))
sys.dont_write_bytecode = True
import guestbook  # noqa: E402

VERSION = guestbook.configuration["version"]
LONGEST_ENTRY = 10000


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = 30

    def do_GET(self):
        if self.path == "/health":
            self.reply({"do": "read"})
        elif self.path == "/guestbook":
            self.reply({"do": "visit" if VERSION >= "2.0" else "read"})
        else:
            self.send_error(404)

    def do_POST(self):
        length = int(self.headers.get("Content-Length", "0"))
        if self.path != "/guestbook" or length > LONGEST_ENTRY:
            self.send_error(400)
            return
        self.reply({"do": "add", "text": self.rfile.read(length).decode("utf-8", "replace")})

    def reply(self, request):
        try:
            data = guestbook.ask_data(request)
        except OSError as error:
            self.send_error(502, "data: %s" % error)
            return
        answer = {"entries": data["entries"], "versions": {"data": data["version"], "api": VERSION}}
        if VERSION >= "2.0":
            answer["visits"] = data["visits"]
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def check_data():
    """An API that cannot talk to its data does not start: the upgrade fails here, not at its users."""
    wanted = guestbook.configuration["dataProtocol"]
    try:
        spoken = guestbook.ask_data({"do": "read"})["protocol"]
    except OSError as error:
        guestbook.fail("cannot reach the data service: %s" % error)
    if spoken != wanted:
        guestbook.fail("needs protocol %d of the data service, which speaks %d" % (wanted, spoken))


check_data()
guestbook.run_as_daemon(lambda: guestbook.HttpServer(guestbook.listen_address(), Handler))
