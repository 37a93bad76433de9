#!/usr/bin/python3
"""The web tier: the guest book as a page for people. Everything on it came through the API from the data tier."""

import html
import http.server
import json
import os
import sys
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "lib"))
sys.dont_write_bytecode = True
import guestbook  # noqa: E402

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Guest book</title>
<style>
  body {{ font: 1rem/1.5 sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; color: #223 }}
  td, th {{ padding: .2rem 1.5rem .2rem 0; text-align: left }}
  li {{ border-bottom: 1px solid #dde; padding: .3rem 0 }}
  input {{ font: inherit; padding: .3rem; width: 70% }}
</style>
<h1>Guest book</h1>
<form method="post"><input name="text" maxlength="200" placeholder="Leave a line"> <button>Sign</button></form>
<ul>{entries}</ul>
<p>{visits}</p>
<table><tr><th>tier<th>version</tr>{versions}</table>
</html>
"""


# The API is close by: never through a proxy that the environment names.
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask_api(path="/guestbook", body=None):
    api = guestbook.configuration["api"]
    url = "http://%s:%d%s" % (api["host"], api["port"], path)
    with direct.open(url, data=body, timeout=5) as answer:
        return json.load(answer)


def render(answer):
    versions = dict(answer["versions"], web=guestbook.configuration["version"])
    return PAGE.format(
        entries="".join("<li>%s</li>" % html.escape(text) for text in reversed(answer["entries"])),
        visits="Visits: %d" % answer["visits"] if "visits" in answer else "",
        versions="".join("<tr><td>%s<td>%s</tr>" % (tier, html.escape(versions[tier]))
                         for tier in ("web", "api", "data")))


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = 30

    def do_GET(self):
        if self.path != "/":
            self.send_error(404)
            return
        try:
            page = render(ask_api()).encode()
        except (OSError, ValueError) as error:
            self.send_error(502, "api: %s" % error)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def do_POST(self):
        length = min(int(self.headers.get("Content-Length", "0")), 10000)
        fields = urllib.parse.parse_qs(self.rfile.read(length).decode("utf-8", "replace"))
        try:
            ask_api(body=fields.get("text", ["…"])[0].encode())
        except OSError as error:
            self.send_error(502, "api: %s" % error)
            return
        self.send_response(303)
        self.send_header("Location", "/")
        self.end_headers()


def check_api():
    try:
        ask_api("/health")
    except (OSError, ValueError) as error:
        guestbook.fail("cannot reach the API: %s" % error)


check_api()
guestbook.run_as_daemon(lambda: guestbook.HttpServer(guestbook.listen_address(), Handler))
