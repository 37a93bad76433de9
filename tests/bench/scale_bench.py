#!/usr/bin/python3
"""usage: scripts/bench scale [--services N,N,...] [--per-target K] [--layers L] [--fan F] [--evaluate-only]

What large systems cost the command, the broker and the planner: for each number of services the evaluation
(`eris manifest`), then an installation, redeployments without a change, and one with one service changed, with the
peak memory of each process. Command, broker and planner are real; the workers speak for all targets in four processes
and have done at once whatever they are given. docs/bench.md has the goals. Nothing here passes or fails.
"""

import argparse
import os
import signal
import subprocess
import sys
import time

from bench_site import Folder, Installation, Models, median, memory_of, prepare_environment, timed

CREWS = 4


class CrewedSite(Installation):
    """What `eris up` makes for one target, with other workers."""

    def __init__(self, eris, folder, crew, targets):
        Models.save(folder, "seed", ['{ seed.properties.hostname = "seed"; }'])
        os.rename(os.path.join(folder, "infrastructure.nix"), os.path.join(folder, "all.nix"))
        os.rename(os.path.join(folder, "seed.nix"), os.path.join(folder, "infrastructure.nix"))
        super().__init__(eris, folder)
        with self:
            pass
        os.rename(os.path.join(folder, "all.nix"), os.path.join(folder, "infrastructure.nix"))
        self.programs, self.state = os.path.dirname(eris), os.path.join(folder, "state")
        self.running = {}
        for name in ("broker", "planner"):
            self.start(name, os.path.join(self.programs, "eris-" + name), "--config",
                       os.path.join(self.state, name, name + ".toml"))
        for i in range(CREWS):
            self.start_crew(crew, "crew%d" % i, targets[i::CREWS], i == 0)

    def start(self, name, *argv):
        with open(os.path.join(self.folder, name + ".log"), "w") as log:
            self.running[name] = subprocess.Popen(argv, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT)

    def start_crew(self, crew, name, targets, builds):
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        key = os.path.join(folder, "worker.key")
        public = timed([self.eris, "key", "generate", key])[0].strip()
        with open(os.path.join(self.state, "builder", "worker.toml")) as file:
            kept = [line for line in file if line.startswith(("endpoint", "server_key", "store."))]
        system = timed(["nix-instantiate", "--eval", "--expr", "builtins.currentSystem"])[0].strip().strip('"')
        queues = ["target." + target for target in targets] + (["builder." + system] if builds else [])
        timed([self.eris, "key", "authorize", "--keys-dir", os.path.join(self.state, "keys"), public, "--name", name,
               "--role", "worker"] + [word for queue in queues for word in ("--queue", queue)])
        with open(os.path.join(folder, "worker.toml"), "w") as file:
            file.writelines(kept)
            file.write("name = '%s'\nstate_dir = '%s'\nkey_file = '%s'\ntargets = %r\n" % (name, folder, key, targets))
            if builds:
                file.write("systems = ['%s']\n" % system)
        self.start(name, crew, os.path.join(folder, "worker.toml"))

    def __enter__(self):
        if not hasattr(self, "running"):
            return super().__enter__()
        return self

    def __exit__(self, *problem):
        if not hasattr(self, "running"):
            return super().__exit__(*problem)
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            process.wait(120)

    def await_targets(self, count):
        deadline = time.monotonic() + 300
        while True:  # the planner, too, may still be on its way
            asked = subprocess.run([self.eris, "targets"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                   check=False)
            if asked.stdout.count(" connected ") >= count:
                return
            if time.monotonic() > deadline:
                sys.exit("not all workers came")
            time.sleep(1)

    def processes(self):
        return [process.pid for process in self.running.values()]

    def memory(self):
        return ", ".join("%s %.0f MiB" % (name, memory_of(process.pid)) for name, process in self.running.items()
                         if name in ("planner", "broker"))


def evaluate(eris, models, folder, title):
    _, wall, cpu, memory = timed([eris, "manifest", "--json"], cwd=folder)
    print("%s: %.2f s wall, %.2f s cpu, %.0f MiB; %.2f ms cpu a service"
          % (title, wall, cpu, memory, 1000 * cpu / models.services), flush=True)


def deploy(args, models, folder):
    with CrewedSite(args.eris, folder, args.crew, ["t%d" % i for i in range(models.targets)]) as site:
        site.await_targets(models.targets + 1)
        site.deploy().show("installed")
        print("   %s" % site.memory(), flush=True)
        runs = [timed([args.eris, "deploy"], cwd=folder) for _ in range(args.runs)]
        print("redeployed without a change: %.2f s wall, %.2f s cpu, %.0f MiB of the command (medians of %d)"
              % (*(median([run[i] for run in runs]) for i in (1, 2, 3)), args.runs), flush=True)
        site.deploy(["--extra-params", '{ salt = "x"; }']).show("one service changed")
        print("   %s" % site.memory(), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", default="1000,2000,5000,10000")
    parser.add_argument("--per-target", type=int, default=10)
    parser.add_argument("--layers", type=int, default=10)
    parser.add_argument("--fan", type=int, default=3)
    parser.add_argument("--runs", type=int, default=3, help="redeployments without a change")
    parser.add_argument("--evaluate-only", action="store_true")
    parser.add_argument("--eris", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--crew", help=argparse.SUPPRESS)
    args = parser.parse_args()
    prepare_environment()
    for count in map(int, args.services.split(",")):
        models = Models(count, max(1, count // args.per_target), args.layers, args.fan)
        print("\n%s" % models.describe(), flush=True)
        with Folder() as folder:
            models.write(folder)
            evaluate(args.eris, models, folder, "evaluated")
            if not args.evaluate_only:
                deploy(args, models, folder)


main()
