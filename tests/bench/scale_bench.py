#!/usr/bin/python3
"""usage: scripts/bench scale [--services N,N,...] [--per-target K] [--layers L] [--fan F] [--evaluate-only]

What large systems cost: for each number of services the evaluation (`eris manifest`), then through `eris up`, with a
worker for each target: the installation, a redeployment without a change, and one with one service changed; with the
peak memory of the command and of the daemons. docs/bench.md has the goals. Nothing here passes or fails.
"""

import argparse

from bench_site import Folder, Installation, Models, memory_of, prepare_environment, timed


def evaluate(eris, models, folder):
    _, wall, cpu, memory = timed([eris, "manifest", "--json"], cwd=folder)
    print("evaluated: %.2f s wall, %.2f s cpu, %.0f MiB; %.2f ms cpu a service"
          % (wall, cpu, memory, 1000 * cpu / models.services), flush=True)


def deploy(eris, folder):
    with Installation(eris, folder) as site:
        for title, options in (("installed", []), ("redeployed without a change", []),
                               ("one service changed", ["--extra-params", '{ salt = "x"; }'])):
            site.deploy(options).show(title)
        pids = site.daemons()
        print("peak memory: planner %.0f MiB, broker %.0f MiB, workers %.0f MiB at most"
              % (memory_of(pids["planner"]), memory_of(pids["broker"]),
                 max(memory_of(pid) for name, pid in pids.items() if name.startswith("worker"))), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", default="1000,2000,5000,10000")
    parser.add_argument("--per-target", type=int, default=10)
    parser.add_argument("--layers", type=int, default=10)
    parser.add_argument("--fan", type=int, default=3)
    parser.add_argument("--evaluate-only", action="store_true")
    parser.add_argument("--eris", required=True, help=argparse.SUPPRESS)
    args = parser.parse_args()
    prepare_environment()
    for count in map(int, args.services.split(",")):
        models = Models(count, max(1, count // args.per_target), args.layers, args.fan)
        print("\n%s" % models.describe(), flush=True)
        with Folder() as folder:
            models.write(folder)
            evaluate(args.eris, models, folder)
            if not args.evaluate_only:
                deploy(args.eris, folder)


main()
