"""Goal: test hosts are what they claim to be, or tests on them would prove nothing.

Method: two hosts; files, processes and addresses are their own; a cut cable, one-way loss, a bad link, another address
and a power cut do what they say and can be undone.
"""

import subprocess
import tempfile

from sites import TestFailure, run_tests, testbed

SERVER = """
import socket
server = socket.create_server(("0.0.0.0", 9000))
while True:
    peer, _ = server.accept()
    while data := peer.recv(65536):
        peer.sendall(data)
    peer.close()
"""
CLIENT = """
import socket, sys, time
started = time.monotonic()
peer = socket.create_connection((sys.argv[1], 9000), timeout=2)
peer.sendall(b"x" * 20000)
peer.shutdown(socket.SHUT_WR)
size = 0
while data := peer.recv(65536):
    size += len(data)
print(size, int(1000 * (time.monotonic() - started)))
"""


class Pair:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="eris-pair-", dir="/tmp")

    def __enter__(self):
        self.do("up", "2", "--disk", "64M")
        self.serve()
        return self

    def __exit__(self, *_):
        self.do("down")

    def do(self, *arguments, check=True):
        return testbed(*arguments, directory=self.directory, check=check)

    def on(self, host, *command, check=True):
        return self.do("exec", host, *command, check=check)

    def serve(self):
        subprocess.Popen(["scripts/testbed", "--dir", self.directory, "exec", "h2", "/usr/bin/python3", "-c", SERVER],
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                         cwd=__file__.rpartition("/tests/")[0])
        for _ in range(100):
            if self.reach("10.77.0.2"):
                return
        raise TestFailure("the server on h2 never answers")

    def reach(self, address):
        """Milliseconds for 20 kB there and back, or None."""
        done = self.on("h1", "/usr/bin/python3", "-c", CLIENT, address, check=False)
        if done.returncode != 0:
            return None
        size, milliseconds = done.stdout.split()
        return int(milliseconds) if size == "20000" else None


def expect(truth, what):
    if not truth:
        raise TestFailure(what)


def hosts_are_separate():
    with Pair() as pair:
        for path in ("/etc/mine", "/usr/bin/mine", "/nix/mine", "/var/lib/mine", "/run/mine", "/root/mine"):
            pair.on("h1", "touch", path)
            expect(pair.on("h1", "test", "-e", path, check=False).returncode == 0, f"{path} is not on h1")
            expect(pair.on("h2", "test", "-e", path, check=False).returncode != 0, f"{path} of h1 is on h2")
            expect(subprocess.run(["test", "-e", path], check=False).returncode != 0, f"{path} of h1 is on the machine")
        processes = pair.on("h1", "sh", "-c", "ls -d /proc/[0-9]*").stdout.split()
        expect(len(processes) < 8, f"h1 sees processes of others: {processes}")
        full = pair.on("h1", "dd", "if=/dev/zero", "of=/var/big", "bs=1M", "count=100", check=False)
        expect("No space left" in full.stderr, "a disk of 64 MB takes 100")


def networks_break_and_heal():
    with Pair() as pair:
        disturbances = [(("link", "h2", "down"), ("link", "h2", "up")), (("block", "h1", "h2"), ("unblock",)),
                        (("block", "h2", "h1"), ("unblock",))]
        for breaking, healing in disturbances:
            pair.do(*breaking)
            expect(pair.reach("10.77.0.2") is None, f"{breaking} breaks nothing")
            pair.do(*healing)
            expect(pair.reach("10.77.0.2") is not None, f"{healing} heals nothing")
        print(pair.do("slow", "h2", "--delay-ms", "100", "--loss-percent", "0").stdout.strip())
        late = pair.reach("10.77.0.2")
        expect(late is not None and late >= 400, f"{late} ms over a link that needs 200 for a round trip")
        pair.do("fast", "h2")
        expect((pair.reach("10.77.0.2") or 1000) < 200, "the link stays slow")
        pair.do("address", "h2", "10.77.0.99")
        expect(pair.reach("10.77.0.2") is None, "the old address answers")
        expect(pair.reach("10.77.0.99") is not None, "the new address does not answer")


def power_cuts_kill_all_and_keep_the_disk():
    with Pair() as pair:
        pair.on("h2", "sh", "-c", "echo kept > /var/lib/kept; echo gone > /run/gone")
        pair.do("power-cut", "h2")
        expect(pair.reach("10.77.0.2") is None, "a host without power answers")
        expect(pair.on("h2", "true", check=False).returncode != 0, "a host without power runs commands")
        pair.do("boot", "h2")
        expect(pair.reach("10.77.0.2") is None, "a process outlived the power cut")
        expect(pair.on("h2", "cat", "/var/lib/kept").stdout == "kept\n", "the disk forgot")
        expect(pair.on("h2", "test", "-e", "/run/gone", check=False).returncode != 0, "/run outlived the power cut")
        pair.serve()


if __name__ == "__main__":
    run_tests(hosts_are_separate, networks_break_and_heal, power_cuts_kill_all_and_keep_the_disk)
