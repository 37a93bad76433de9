#!/usr/bin/python3
"""usage: scripts/bench evaluate [--services N] [--layers L] [--fan F] [--against L] [--against-fan F] [--runs R]

The bare evaluation (`eris manifest`) of services in layers, against as many services in fewer layers (one: without
interdependencies), in turns. The fewer the layers, the more services need nothing: --against-fan lets those that do
need more, so that both systems have as many interdependencies. docs/bench.md has the goals. Nothing here passes or
fails.
"""

import argparse

from bench_site import Folder, Models, median, prepare_environment, timed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, default=100)
    parser.add_argument("--targets", type=int, default=10)
    parser.add_argument("--layers", type=int, default=10)
    parser.add_argument("--fan", type=int, default=3)
    parser.add_argument("--against", type=int, default=1, help="layers of the other system")
    parser.add_argument("--against-fan", type=int, help="fan-in of the other system; without it the same")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--eris", required=True, help=argparse.SUPPRESS)
    args = parser.parse_args()
    prepare_environment()
    variants = [Models(args.services, args.targets, args.layers, args.fan), Models(args.services, args.targets, args.against, args.against_fan or args.fan)]
    with Folder() as layered, Folder() as plain:
        folders = [layered, plain]
        for models, folder in zip(variants, folders):
            models.write(folder)
        runs = [[timed([args.eris, "manifest", "--json"], cwd=folder)[1:] for folder in folders]
                for _ in range(args.runs)]
        results = []
        for i, models in enumerate(variants):
            wall, cpu, memory = (median([run[i][k] for run in runs]) for k in range(3))
            results.append((wall, cpu))
            print("%s: %.3f s wall, %.3f s cpu, %.0f MiB (medians of %d)"
                  % (models.describe(), wall, cpu, memory, args.runs))
        print("   the first to the second: %.2f × (wall), %.2f × (cpu)"
              % (results[0][0] / results[1][0], results[0][1] / results[1][1]))


main()
