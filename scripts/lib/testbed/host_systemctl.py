#!/usr/bin/env python3
"""`systemctl` of a test host: enable, disable, start, stop, restart, is-active, daemon-reload, main-pid.

`enable --now UNIT...` and `disable --now UNIT...` as on a real host. main-pid is the testbed's own.
"""

import os
import socket
import sys

WANTS = "/etc/systemd/system/multi-user.target.wants"
FOLDERS = ("/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system")


def order(verb, name=""):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("/run/testbed-init")
        connection.sendall(f"{verb} {name}".encode())
        reply = connection.recv(4096).decode()
    word, _, text = reply.partition(" ")
    if text:
        print(text, file=sys.stdout if word == "ok" else sys.stderr)
    return word == "ok"


def enable(name):
    source = next((f"{f}/{name}.service" for f in FOLDERS if os.path.exists(f"{f}/{name}.service")), None)
    if source is None:
        print(f"Unit file {name}.service does not exist.", file=sys.stderr)
        return False
    os.makedirs(WANTS, exist_ok=True)
    link = f"{WANTS}/{name}.service"
    if not os.path.lexists(link):
        os.symlink(source, link)
    return True


def disable(name):
    if os.path.lexists(f"{WANTS}/{name}.service"):
        os.unlink(f"{WANTS}/{name}.service")
    return True


def main(arguments):
    now = "--now" in arguments
    words = [a for a in arguments if not a.startswith("-")]
    if not words:
        print(__doc__.strip(), file=sys.stderr)
        return 1
    verb, names = words[0], [n.removesuffix(".service") for n in words[1:]]
    if verb == "daemon-reload":
        return 0
    good = True
    for name in names:
        if verb == "enable":
            good = enable(name) and (not now or order("start", name)) and good
        elif verb == "disable":
            good = disable(name) and (not now or order("stop", name)) and good
        else:
            good = order(verb, name) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
