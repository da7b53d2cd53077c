"""bench_tuner.py [WHO]... - the tuner against python3-optuna's TPE and CMA-ES and random search: median regret over
SEEDS seeds at 20, 50 and 100 children, one after another and five at a time (a proposal
then knows nothing of the four before it), and what a proposal takes."""
import math
import os
import statistics
import subprocess
import sys
import warnings

warnings.filterwarnings("ignore")
try:
    import optuna
except ImportError:
    print("python3-optuna is not installed")
    sys.exit(77)

optuna.logging.set_verbosity(optuna.logging.ERROR)
ASK = os.path.join(os.environ.get("SAGETOP_BUILD", "."), "tests/bench/tuner_ask")
SEEDS = int(os.environ.get("TUNER_SEEDS", "20"))
AT = (20, 50, 100)


def branin(u):
    x, y = 15 * u[0] - 5, 15 * u[1]
    return ((y - 5.1 / (4 * math.pi ** 2) * x * x + 5 / math.pi * x - 6) ** 2
            + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10 - 0.39788735772973816)


A6 = ((10, 3, 17, 3.5, 1.7, 8), (0.05, 10, 17, 0.1, 8, 14), (3, 3.5, 1.7, 10, 17, 8), (17, 8, 0.05, 10, 0.1, 14))
P6 = ((1312, 1696, 5569, 124, 8283, 5886), (2329, 4135, 8307, 3736, 1004, 9991),
      (2348, 1451, 3522, 2883, 3047, 6650), (4047, 8828, 8732, 5743, 1091, 381))


def hartmann(u):
    return 3.322368011391339 - sum(
        c * math.exp(-sum(a * (x - p * 1e-4) ** 2 for a, p, x in zip(row, place, u)))
        for c, row, place in zip((1.0, 1.2, 3.0, 3.2), A6, P6))


def rosenbrock(u):
    x = [4 * v - 2 for v in u]
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:]))


def ackley(u):
    x = [10 * v - 5 - (0.3 + 0.17 * i) * (-1) ** i for i, v in enumerate(u)]
    n = len(x)
    return (20 + math.e - 20 * math.exp(-0.2 * math.sqrt(sum(v * v for v in x) / n))
            - math.exp(sum(math.cos(2 * math.pi * v) for v in x) / n))


def mixed(v):
    """Three integers, a logarithmic number, two of four categories."""
    a, b, c, rate, kind, form = v
    bonus = {"a": 0.8, "b": 0.0, "c": 0.5, "d": 1.2}[kind] + {"p": 0.3, "q": 0.9, "r": 0.0, "s": 0.6}[form]
    bonus += 0.7 if (kind, form) == ("b", "p") else 0
    return ((a - 7) / 8) ** 2 * 3 + ((b - 3) / 5) ** 2 * 2 + abs(c - 40) / 60 + (math.log10(rate) + 3.2) ** 2 + bonus


UNIT = ("continuous", 0.0, 1.0, "Linear")
CASES = {
    "branin, 2": (branin, [UNIT] * 2), "hartmann, 6": (hartmann, [UNIT] * 6),
    "rosenbrock, 4": (rosenbrock, [UNIT] * 4), "ackley, 8": (ackley, [UNIT] * 8),
    "mixed, 6": (mixed, [("integer", 1, 16, "Linear"), ("integer", 0, 10, "Linear"), ("integer", 1, 100, "Linear"),
                         ("continuous", 1e-6, 1.0, "Logarithmic"), ("categorical", "abcd"), ("categorical", "pqrs")]),
}


def curve(values):
    best, out = math.inf, []
    for v in values:
        best = min(best, v)
        out.append(best)
    return out


class Ours:
    def __init__(self, strategy, seed, parallel, ranges):
        args = [f"x{i}:categorical:{','.join(r[1])}" if r[0] == "categorical" else f"x{i}:{r[0]}:{r[1]}:{r[2]}:{r[3]}"
                for i, r in enumerate(ranges)]
        self.ranges, self.ms = ranges, []
        self.p = subprocess.Popen([ASK, strategy, str(seed), str(parallel)] + args, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)

    def ask(self):
        self.p.stdin.write("ask\n")
        self.p.stdin.flush()
        *words, ms = self.p.stdout.readline().split()
        if len(words) != len(self.ranges):
            raise SystemExit(f"the tuner said {words} {ms}")
        self.ms.append(float(ms))
        return [w if r[0] == "categorical" else float(w) for w, r in zip(words, self.ranges)]

    def tell(self, i, value):
        self.p.stdin.write(f"tell {i} {value!r}\n")

    def close(self):
        self.p.stdin.close()
        self.p.stdout.close()
        self.p.wait()


class Optuna:
    def __init__(self, sampler, ranges):
        self.study, self.ranges, self.trials = optuna.create_study(sampler=sampler), ranges, []

    def ask(self):
        t = self.study.ask()
        self.trials.append(t)
        out = []
        for i, r in enumerate(self.ranges):
            if r[0] == "categorical":
                out.append(t.suggest_categorical(f"x{i}", list(r[1])))
            elif r[0] == "integer":
                out.append(t.suggest_int(f"x{i}", r[1], r[2]))
            else:
                out.append(t.suggest_float(f"x{i}", r[1], r[2], log=r[3] == "Logarithmic"))
        return out

    def tell(self, i, value):
        self.study.tell(self.trials[i], value)

    def close(self):
        pass


def run(tuner, fn, parallel, n=100):
    values, waiting = [], []
    for i in range(n):
        waiting.append((i, tuner.ask()))
        if len(waiting) >= parallel:
            j, x = waiting.pop(0)
            values.append(fn(x))
            tuner.tell(j, values[-1])
    values += [fn(x) for _, x in waiting]
    tuner.close()
    return curve(values)


def makers(ranges, parallel):
    return {
        "sagetop": lambda seed: Ours("Bayesian", seed, parallel, ranges),
        "random": lambda seed: Ours("Random", seed, parallel, ranges),
        "TPE": lambda seed: Optuna(optuna.samplers.TPESampler(seed=seed), ranges),
        "TPE multivariate": lambda seed: Optuna(optuna.samplers.TPESampler(seed=seed, multivariate=True), ranges),
        "CMA-ES": lambda seed: Optuna(optuna.samplers.CmaEsSampler(seed=seed), ranges),
    }


def sign_test(a, b):
    """Chance of a being better so rarely, were they equal."""
    wins, n = sum(x < y for x, y in zip(a, b)), sum(x != y for x, y in zip(a, b))
    return wins, n, sum(math.comb(n, k) for k in range(wins + 1)) / 2 ** n if n else 1.0


def main():
    only = sys.argv[1:]
    print(f"{'median regret of ' + str(SEEDS) + ' seeds at':<40} {'20':>10} {'50':>10} {'100':>10}")
    for parallel in (1, 5):
        for name, (fn, ranges) in CASES.items():
            if os.environ.get('TUNER_CASE', '') not in name:
                continue
            at = {}
            for who, make in makers(ranges, parallel).items():
                if only and who not in only:
                    continue
                curves = [run(make(seed), fn, parallel) for seed in range(SEEDS)]
                at[who] = [[c[k - 1] for c in curves] for k in AT]
                print(f"{name:<14} {parallel} at a time  {who:<16} "
                      + " ".join(f"{statistics.median(v):10.4g}" for v in at[who]), flush=True)
            if "sagetop" in at and "TPE" in at:
                print(f"bench\ttuner: {name} ranges, {parallel} at a time, regret at 50\t"
                      f"{statistics.median(at['sagetop'][1]):.6g}\t\tOptuna TPE\t{statistics.median(at['TPE'][1]):.6g}")
            if name.startswith("mixed") and not only:
                wins, n, p = sign_test(at["sagetop"][1], at["TPE"][1])
                print(f"{name:<14} {parallel} at a time  better than TPE at 50 in {wins} of {n} seeds; "
                      f"chance of so few {p:.3f}")
    tuner = Ours("Bayesian", 1, 1, [UNIT] * 10)
    run(tuner, lambda x: sum((v - 0.4) ** 2 for v in x), 1, 110)
    print(f"bench\ttuner: a proposal at 100 children, 10 ranges\t{statistics.median(tuner.ms[95:106]):.2f}\tms\t\t\t< 50")
    print(f"a proposal at 100 children, 10 ranges: median {statistics.median(tuner.ms[95:106]):.1f} ms, "
          f"slowest {max(tuner.ms[95:106]):.1f} ms of processor time")


main()
