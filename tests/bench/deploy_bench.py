#!/usr/bin/python3
"""usage: scripts/bench deploy [--services N] [--targets M] [--layers L] [--fan F] [--cores C] [--module TYPE]

Generates models of N services in L layers, each with F interdependencies on the layer below, on M targets; runs
`eris up` on a store of its own and measures a fresh install, a deployment that changes nothing and one that changes a
single service: wall time of each phase, cpu seconds of all processes. The bare evaluation is measured in the same run,
for the ratios. Nothing here passes or fails.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")
PHASES = ["preparing", "locking", "switching", "committing", "finishing"]


def write_models(folder, args):
    """Service i of layer l depends on F services of layer l - 1; `salt` changes the package of service 0."""
    layers = []
    per_layer = max(1, args.services // args.layers)
    names = ["s%d" % i for i in range(args.services)]
    for start in range(0, args.services, per_layer):
        layers.append(names[start:start + per_layer])
    lines = ["{ system, pkgs, distribution, invDistribution, salt ? \"\" }:", "let",
             "  package = name: text: derivation {", "    inherit name system text;",
             "    builder = \"/bin/sh\"; args = [ \"-c\" \"echo $text > $out\" ];", "  };", "in rec {"]
    for depth, layer in enumerate(layers):
        for position, name in enumerate(layer):
            below = layers[depth - 1] if depth else []
            needs = [below[(position + k) % len(below)] for k in range(min(args.fan, len(below)))]
            text = "salt" if name == names[-1] else '"1"'
            if needs:
                head = "{ %s }: " % ", ".join(needs)
                depends = " dependsOn = { inherit %s; };" % " ".join(needs)
            else:
                head, depends = "", ""
            lines.append('  %s = { name = "%s"; type = "%s";%s pkg = %spackage "%s" %s; };'
                         % (name, name, args.module, depends, head, name, text))
    lines.append("}")
    with open(os.path.join(folder, "services.nix"), "w") as file:
        file.write("\n".join(lines) + "\n")
    with open(os.path.join(folder, "infrastructure.nix"), "w") as file:
        file.write("{\n")
        for i in range(args.targets):
            file.write('  t%d = { properties.hostname = "t%d"; numOfCores = %d; containers.%s = { }; };\n'
                       % (i, i, args.cores, args.module))
        file.write("}\n")
    with open(os.path.join(folder, "distribution.nix"), "w") as file:
        file.write("{ infrastructure }:\n{\n")
        for i, name in enumerate(names):
            file.write("  %s = [ infrastructure.t%d ];\n" % (name, i % args.targets))
        file.write("}\n")


def processes_below(pid):
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        try:
            with open("/proc/%d/task/%d/children" % (one, one)) as file:
                todo += [int(child) for child in file.read().split()]
        except OSError:
            pass
    return found


def cpu_of(pids):
    total = 0.0
    for pid in pids:
        try:
            with open("/proc/%d/stat" % pid) as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(fields[i]) for i in (11, 12, 13, 14)) / TICKS
    return total


def timed(argv, **options):
    """Runs a command; its output, wall seconds and cpu seconds with all its children."""
    start = time.monotonic()
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, **options)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit("failed with %d: %s\n%s" % (process.returncode, " ".join(argv), output))
    return output, time.monotonic() - start, usage.ru_utime + usage.ru_stime


class Installation:
    def __init__(self, eris, folder):
        self.eris, self.folder = eris, folder
        self.state = os.path.join(folder, "state")
        os.mkdir(self.state)
        os.environ["ERIS_CONFIG_DIR"] = self.state
        self.log = open(os.path.join(folder, "up.log"), "w+")
        self.up = subprocess.Popen([eris, "up", "-i", "infrastructure.nix", "--state-dir", self.state, "--own-store"],
                                   cwd=folder, stdout=self.log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 120
        while "ready" not in open(self.log.name).read():
            if self.up.poll() is not None or time.monotonic() > deadline:
                sys.exit("eris up is not ready:\n" + open(self.log.name).read())
            time.sleep(0.1)

    def stop(self):
        self.up.send_signal(signal.SIGTERM)
        self.up.wait(60)

    def deploy(self, title, extra):
        before = cpu_of(processes_below(self.up.pid))
        output, wall, cpu = timed([self.eris, "deploy", "--json"] + extra, cwd=self.folder)
        daemons = cpu_of(processes_below(self.up.pid)) - before
        transaction = json.loads(output[output.index("{"):])["transaction"]
        events = json.loads(timed([self.eris, "history", "--json", str(transaction)])[0])
        logs = json.loads(timed([self.eris, "logs", "--json", str(transaction)])[0])
        return self.report(title, wall, cpu, daemons, events, logs)

    @staticmethod
    def report(title, wall, cpu, daemons, events, logs):
        print("\n%s: %.2f s wall, cpu %.2f s in the command (evaluation included), %.2f s in the daemons"
              % (title, wall, cpu, daemons))
        marks = [(event["phase"], event["atMs"]) for event in events if event["type"] == "phase"]
        marks.append(("end", max(event["atMs"] for event in events)))
        for (phase, start), (_, end) in zip(marks, marks[1:]):
            print("   %-11s %8.2f s" % (phase, (end - start) / 1000))
        verbs = {}
        for entry in logs:
            verb = entry["item"]["verb"] if "item" in entry else entry["verb"]
            took = entry["outcome"]["tookMs"]
            count, total = verbs.get(verb, (0, 0))
            verbs[verb] = (count + 1, total + took)
        for verb, (count, total) in sorted(verbs.items()):
            print("   %-11s %8d items, %.1f ms on average" % (verb, count, total / count))
        return wall, cpu, daemons


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--targets", type=int, default=20)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--fan", type=int, default=3)
    parser.add_argument("--cores", type=int, default=4)
    parser.add_argument("--module", default="echo")
    parser.add_argument("--eris", required=True, help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ["NIX_CONFIG"] = "sandbox = false\nsubstituters =\nbuild-users-group =\n"
    folder = tempfile.mkdtemp(prefix="eris-bench-")
    installation = None
    try:
        write_models(folder, args)
        installation = Installation(args.eris, folder)
        evaluations = [timed([args.eris, "manifest", "--json"], cwd=folder)[1:] for _ in range(3)]
        evaluation_wall, evaluation_cpu = sorted(evaluations)[1]
        print("%d services, %d targets, %d layers, fan-in %d, module %s"
              % (args.services, args.targets, args.layers, args.fan, args.module))
        print("bare evaluation: %.2f s wall, %.2f s cpu (median of 3)" % (evaluation_wall, evaluation_cpu))
        _, _, daemons = installation.deploy("fresh install", [])
        print("   per service: %.2f ms cpu in the daemons, Nix' builds included" % (daemons * 1000 / args.services))
        wall, cpu, daemons = installation.deploy("no-op redeploy", [])
        print("   %.2f × the bare evaluation (wall), %.2f × (cpu of all processes)"
              % (wall / evaluation_wall, (cpu + daemons) / evaluation_cpu))
        wall, cpu, daemons = installation.deploy("one service changed", ["--extra-params", '{ salt = "2"; }'])
        print("   %.2f × the bare evaluation (wall)" % (wall / evaluation_wall))
    finally:
        if installation:
            installation.stop()
        subprocess.run(["chmod", "-R", "u+w", folder], check=False)
        shutil.rmtree(folder, ignore_errors=True)


main()
