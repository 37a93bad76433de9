#!/usr/bin/python3
"""usage: scripts/bench deploy [--services N] [--targets M] [--layers L] [--fan F] [--cores C] [--module TYPE]

Runs `eris up` on a store of its own and measures a fresh install, a deployment that changes nothing, one that changes
a single service, and an installation of what all targets have already: wall time and cpu of all processes of each phase. The bare evaluation (`eris manifest`) is measured in
the same run, for the ratios. docs/bench.md has the goals. Nothing here passes or fails.
"""

import argparse

from bench_site import Folder, Installation, Models, memory_of, prepare_environment


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
    prepare_environment()
    models = Models(args.services, args.targets, args.layers, args.fan, args.cores, args.module)
    with Folder() as folder:
        models.write(folder)
        with Installation(args.eris, folder) as site:
            measure(site, models)


def measure(site, models):
    wall, cpu = site.evaluate()
    print(models.describe())
    print("bare evaluation: %.2f s wall, %.2f s cpu (medians of 3)" % (wall, cpu))

    fresh = site.deploy()
    fresh.show("fresh install")
    print("   activation: %.2f ms cpu per service, all processes" % (1000 * fresh.phase("switch")[1] / models.services))

    redeploy = site.deploy()
    redeploy.show("no-op redeploy")
    print("   %.2f × the bare evaluation (wall), %.2f × (cpu)" % (redeploy.wall / wall, redeploy.cpu / cpu))

    for salt in ("2", "3", "4"):
        change = site.deploy(["--extra-params", '{ salt = "%s"; }' % salt])
        change.show("one service changed")
        print("   %.2f × the bare evaluation (wall), %.2f × (cpu)" % (change.wall / wall, change.cpu / cpu))

    site.undeploy()
    again = site.deploy(["--extra-params", '{ salt = "4"; }'])
    again.show("installed again, with nothing to build or to bring")
    print("   accepted to the first activation: %.3f s" % again.between("plan", "switch"))

    peaks = {name: memory_of(pid) for name, pid in site.daemons().items()}
    workers = [peak for name, peak in peaks.items() if name.startswith("worker-")]
    print("\npeak memory: planner %.0f MiB, broker %.0f MiB, a worker %.0f MiB at most"
          % (peaks["planner"], peaks["broker"], max(workers)))


main()
