"""Reads systemd units, as far as Eris' own use the language."""

import os
import shlex

FOLDERS = ("/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system")
WANTS = "/etc/systemd/system/multi-user.target.wants"


def find(name):
    for folder in FOLDERS:
        path = f"{folder}/{name}.service"
        if os.path.exists(path):
            return path
    raise ValueError(f"Unit {name}.service not found.")


def enabled_units():
    """Eris' own: /etc lies above the machine's, which has others."""
    try:
        names = sorted(os.listdir(WANTS))
    except FileNotFoundError:
        return []
    return [n.removesuffix(".service") for n in names if n.startswith("eris-") and n.endswith(".service")]


def read_assignments(name):
    """NAME=VALUE, one a line; a file whose name begins with - may be absent."""
    path = name.removeprefix("-")
    if path != name and not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip() and line[0] not in "#;"]
    return {key: " ".join(shlex.split(value)) for key, _, value in (line.partition("=") for line in lines)}


class Unit:
    """A value: the settings of the [Service] section, each a list in the order of the file."""

    def __init__(self, name, settings):
        self.name = name
        self.settings = settings

    @staticmethod
    def load(name):
        settings, section = {}, None
        with open(find(name), encoding="utf-8") as file:
            for line in file:
                line = line.strip()
                if line.startswith("["):
                    section = line
                elif section == "[Service]" and "=" in line and line[0] not in "#;":
                    key, _, value = line.partition("=")
                    settings.setdefault(key.strip(), []).append(value.strip())
        return Unit(name, settings)

    def get(self, key, otherwise=""):
        return self.settings.get(key, [otherwise])[-1]

    def command(self):
        return shlex.split(self.get("ExecStart"))

    def directories(self):
        for key, base in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run")):
            for name in self.get(key).split():
                yield f"{base}/{name}"

    def environment(self):
        environment = dict(os.environ)
        for name in self.settings.get("EnvironmentFile", []):
            environment.update(read_assignments(name))
        for line in self.settings.get("Environment", []):
            for word in shlex.split(line):
                key, _, value = word.partition("=")
                environment[key] = value
        return environment

    def restarts_after(self, status):
        if str(status) in self.get("RestartPreventExitStatus").split():
            return False
        policy = self.get("Restart", "no")
        return policy == "always" or (policy == "on-failure" and status != 0)

    def restart_seconds(self):
        return float(self.get("RestartSec", "0.1").removesuffix("s"))
