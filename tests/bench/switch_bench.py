#!/usr/bin/python3
"""usage: scripts/bench switch [--services N] [--targets M] [--cores C] [--layers L] [--ms T]

The switch phase of N activities that each take T ms, against its critical path: the longest chain of activities that
have to wait for each other, or for a core of their target. The module is a program of its own that waits.
docs/bench.md has the goals. Nothing here passes or fails.
"""

import argparse
import math
import os

from bench_site import Folder, Installation, Models, prepare_environment


def write_module(folder, milliseconds):
    """`slow`: waits in activate and deactivate; it says that it has no other activity."""
    modules = os.path.join(folder, "modules")
    os.mkdir(modules)
    path = os.path.join(modules, "slow")
    with open(path, "w") as file:
        file.write("#!/bin/sh\nexec sleep %.3f\n" % (milliseconds / 1000))
    os.chmod(path, 0o755)
    with open(path + ".activities", "w") as file:
        file.write("activate deactivate\n")
    os.environ["DYSNOMIA_MODULES_PATH"] = modules


def critical_path(args):
    """Seconds: the layers come one after the other, each as many rounds as its fullest target needs."""
    width = math.ceil(args.services / args.layers)
    rounds = math.ceil(math.ceil(width / args.targets) / args.cores)
    return args.layers * rounds * args.ms / 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--targets", type=int, default=10)
    parser.add_argument("--cores", type=int, default=4)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--ms", type=int, default=500)
    parser.add_argument("--eris", required=True, help=argparse.SUPPRESS)
    args = parser.parse_args()
    prepare_environment()
    models = Models(args.services, args.targets, args.layers, 1, args.cores, "slow")
    with Folder() as folder:
        models.write(folder)
        write_module(folder, args.ms)
        with Installation(args.eris, folder) as site:
            deployment = site.deploy()
            deployment.show(models.describe())
            wall, _ = deployment.phase("switch")
            path = critical_path(args)
            print("   switch %.3f s, critical path %.3f s: %.3f ×" % (wall, path, wall / path))


main()
