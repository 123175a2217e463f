"""Fits the weights of `src/index/related/score.rs` on what `--features` of the context bench wrote.

    python3 benches/context/fit.py FEATURES.tsv [--held-out REPOSITORY ...]

Each site is a choice among its candidates: the likelihood of the right one under a softmax of the scores is maximised, with
a small penalty on large weights. Prints the weights, and the share of right candidates in the budget before and after, in
the half of the sites that it was fitted on, in the other half, and in repositories that were held out as a whole.
"""

import sys
import zlib

import numpy

BUDGET = 921  # Nine tenths of 1,024.
HEADING = 36  # Tokens of a path and of what holds a signature, on average, for every third of them.
LENGTH_WEIGHT = 0.7  # As in src/context/signatures.rs.
# Set by hand, and not moved: those that need something before the cursor, and those that these sites do not measure.
BY_HAND = [0, 1, 2, 3, 4, 19, 23, 24, 26]


def read(path):
    sites, names = {}, []
    with open(path) as lines:
        for line in lines:
            repository, site, meant, cost, *features = line.rstrip("\n").split("\t")
            sites.setdefault((repository, site), []).append((int(meant), int(cost), features))
    return {
        key: (
            numpy.array([row[0] for row in rows], dtype=bool),
            numpy.array([row[1] for row in rows]),
            numpy.array([row[2] for row in rows], dtype=numpy.float32),
        )
        for key, rows in sites.items()
    }


def is_found(weights, site):
    """Whether the right one is among the best that fit. Paths are charged to every third signature."""
    meant, cost, features = site
    worth = features @ weights - LENGTH_WEIGHT * numpy.log(numpy.maximum(cost, 1))
    order = numpy.argsort(-worth, kind="stable")
    ends = numpy.cumsum(cost[order] + HEADING / 3)
    return bool((meant[order] & (ends <= BUDGET)).any())


def share(weights, sites):
    return numpy.mean([is_found(weights, site) for site in sites]) if sites else float("nan")


def fit(sites, start, rounds=400, penalty=1e-3):
    sites = [site for site in sites if site[0].any()]
    weights = start.astype(numpy.float64).copy()
    moment, square = numpy.zeros_like(weights), numpy.zeros_like(weights)
    for step in range(1, rounds + 1):
        gradient = penalty * weights
        for meant, _, features in sites:
            scores = features @ weights
            chances = numpy.exp(scores - scores.max())
            right = chances * meant
            gradient -= (right @ features / right.sum() - chances @ features / chances.sum()) / len(sites)
        gradient[BY_HAND] = 0
        moment = 0.9 * moment + 0.1 * gradient
        square = 0.99 * square + 0.01 * gradient**2
        rate = 0.1 * (1 - step / (rounds + 1))
        weights -= rate * (moment / (1 - 0.9**step)) / (numpy.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return weights


def main():
    path, *rest = sys.argv[1:]
    held_out = set(rest[1:]) if rest[:1] == ["--held-out"] else set()
    sites = read(path)
    size = next(iter(sites.values()))[2].shape[1]
    half = lambda key: zlib.crc32(key[1].encode()) % 2 == 0
    train = [site for key, site in sites.items() if key[0] not in held_out and half(key)]
    test = [site for key, site in sites.items() if key[0] not in held_out and not half(key)]
    away = [site for key, site in sites.items() if key[0] in held_out]
    before = numpy.array(CURRENT[:size], dtype=numpy.float64)
    after = fit(train, before)
    for name, part in [("fitted on", train), ("other half", test), ("held out", away)]:
        if part:
            possible = numpy.mean([site[0].any() for site in part])
            print(f"{name}: {len(part)} sites, {possible:.1%} among the candidates, "
                  f"{share(before, part):.1%} -> {share(after, part):.1%} in the budget")
    for repository in sorted({key[0] for key in sites}):
        part = [site for key, site in sites.items() if key[0] == repository]
        print(f"  {repository}: {share(before, part):.1%} -> {share(after, part):.1%}, "
              f"{numpy.mean([site[0].any() for site in part]):.1%} possible")
    print(", ".join(f"{weight:.2f}" for weight in after))


# The table at the time, in its order.
CURRENT = [12.0, 4.0, -1.5, 3.0, -3.0, -1.0, 2.8, 1.3, 0.0, 0.15, 1.7, 0.5, 0.4, 3.5, 2.85, 2.3, -1.3, 5.15, -1.05, -0.5, 4.0,
           -0.65, 1.75, 0.3, 0.5, -4.3, -2.0]

if __name__ == "__main__":
    main()
