"""Deployments of tests/hosts/models whose every phase lasts long enough to be disturbed, and their end judged."""

import os
import re
import time

from sites import HERE, TestFailure, testbed

PLACES = {"data": "test1", "api": "test2", "web": "test3", "extra": "test4"}
SLOW = 'build = "2"; lock = "2"; step = "1";'


class Deployments:
    """The versions of one site, one after the other."""

    def __init__(self, site):
        self.site = site
        self.version = 0
        self.running = 0  # the version that the network runs
        testbed("copy", os.path.join(HERE, "models"), site.hosts["hub"], "/root/models", directory=site.directory)

    def command(self, parameters, options):
        targets = len([role for role in self.site.hosts if role.startswith("test")])
        return (f"cd models && ERIS_TEST_TARGETS={targets} eris deploy {options} "
                f"--extra-params '{{ version = \"{self.version}\"; {parameters} }}'")

    def install(self, options="", role="hub"):
        """A quick one, undisturbed; what it printed."""
        self.version += 1
        output = self.site.run(role, self.command("", options))
        self.judge(0)
        return output

    def start(self, parameters=SLOW, options="", role="hub"):
        """The transaction's number, or its submission's name; it goes on by itself."""
        self.version += 1
        output = self.site.run(role, self.command(parameters, f"--detach {options}") + " 2> /dev/null")
        return output.strip().splitlines()[-1]

    def reach(self, transaction, phase, timeout=60):
        """Waits until the transaction is in a phase; fails when it has passed it."""
        deadline = time.monotonic() + timeout
        order = ["submitted", "queued", "preparing", "locking", "switching", "committing", "committed"]
        while time.monotonic() < deadline:
            text = self.site.run("hub", f"eris status {transaction} --json", status=None)
            state = re.search(r'"(?:state|phase)": *"([a-z ]+)"', text)
            if state and state.group(1) == phase:
                return
            if state and state.group(1) in order and order.index(state.group(1)) > order.index(phase):
                raise TestFailure(f"transaction {transaction} is {state.group(1)}: {phase} was missed")
        raise TestFailure(f"transaction {transaction} never was {phase}: {text}")

    def watch(self, transaction):
        return self.site.start("hub", f"eris watch {transaction}")

    def end(self, watching, statuses=(0,), timeout=150):
        """The transcript of a watch that ended as it may, with the network in the state that it claims."""
        transcript = self.site.finish(watching, status=None, timeout=timeout)
        if watching.returncode not in statuses:
            raise TestFailure(f"ended with {watching.returncode}, wanted {statuses}:\n{transcript}")
        self.judge(watching.returncode)
        return transcript

    def judge(self, status):
        """All hosts run the new version after 0, all the old one after 2, whatever happened on the way."""
        if status == 0:
            self.running = self.version
        for service, role in PLACES.items():
            if role not in self.site.hosts:
                continue
            text = self.site.run(role, f"cat /srv/{service}", status=None).strip()
            if text != str(self.running):
                raise TestFailure(f"status {status}: {service} on {role} runs '{text}', wanted {self.running}")
