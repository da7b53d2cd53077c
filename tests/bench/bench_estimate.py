"""Ranges of durations, predicted over a simulated history as it went on: how often they hold, and how wide they are
beside the range of all past jobs and that of past jobs of the same image and type."""
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.environ["SAGETOP_SRC"], "tests/interop"))
from estimate_support import history, judge, predict, seconds  # noqa: E402

BUILD = os.environ["SAGETOP_BUILD"]
JOBS, FIRST, EVERY, SEEDS = 1500, 600, 10, (1, 2, 3, 4)

results, errors, took = [], [], 0
for seed in SEEDS:
    jobs = history(JOBS, seed)
    began = time.monotonic()
    rows = predict(BUILD, jobs, FIRST, EVERY)
    took += time.monotonic() - began
    results.append(judge(jobs, rows))
    errors += [abs(mid / seconds(jobs[i]) - 1) for i, _, mid, _, _, _ in rows]
    new = [r for r in rows if r[5] == 2]
    hit = sum(low <= seconds(jobs[i]) <= high for i, low, _, high, _, _ in new)
    print(f"seed {seed}: the range held for {results[-1][0][0]:.1%} of {len(rows)} jobs, for {hit} of {len(new)} on a type that was new; "
          f"all past jobs {results[-1][1][0]:.1%}, same image and type {results[-1][2][0]:.1%}")


def mean(of, what):
    return statistics.mean(r[of][what] for r in results)


print(f"bench\t90 % range holds for\t{mean(0, 0) * 100:.1f}\t%\tall past jobs\t{mean(1, 0) * 100:.1f}\t85-95")
print(f"bench\t90 % range, mean width\t{mean(0, 1):.0f}\ts\tall past jobs\t{mean(1, 1):.0f}\t< {mean(1, 1) * 2 / 3:.0f}")
print(f"bench\t90 % range, mean width\t{mean(0, 1):.0f}\ts\tsame image and type\t{mean(2, 1):.0f}\t")
print(f"bench\t90 % range, mean log high/low\t{mean(0, 2):.2f}\t\tall past jobs\t{mean(1, 2):.2f}\t")
print(f"bench\tmedian error of the middle\t{statistics.median(errors) * 100:.1f}\t%\t\t\t")
print(f"bench\tmodel of {JOBS} jobs, once\t{took / (len(SEEDS) * (JOBS - FIRST) / EVERY) * 1000:.0f}\tms\t\t\t")
if not all(0.85 <= r[0][0] <= 0.95 and r[0][1] <= r[1][1] * 2 / 3 for r in results):
    print("estimates miss what is asked of them")
    sys.exit(1)
