"""Ranges of durations over a simulated history with drift, new types and outliers, in short: `make bench BENCH=estimate` is
the whole. The judge is Python's; the history goes through the parser of the service's replies."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from estimate_support import group, history, judge, predict  # noqa: E402
from tap import done, equal, ok  # noqa: E402

BUILD = os.environ.get("SAGETOP_BUILD", ".")
JOBS, FIRST = 900, 400

jobs = history(JOBS, 5)
rows = predict(BUILD, jobs, FIRST, 20)
equal("every held-out job is predicted", [r[0] for r in rows], list(range(FIRST, JOBS)))
ok("each range is one", all(0 < low <= mid <= high for _, low, mid, high, _, _ in rows))
ours, everything, same = judge(jobs, rows)
ok("the 90 % range holds for 85 to 95 % of them", 0.85 <= ours[0] <= 0.95, ours)
ok("it is at least a third narrower than the range of all past jobs", ours[1] <= everything[1] * 2 / 3, (ours, everything))
ok("and narrower than that of the same image and type", ours[1] < same[1], (ours, same))
new = [r for r in rows if r[5] == 2]
ok("types that are new are told apart", new and all(
    not any(group(j) == group(jobs[i]) for j in jobs[:i - 20]) for i, *_ in new), new)
# The judge can fail: ranges a third as wide hold for fewer.
tight = [(i, mid - (mid - low) / 3, mid, mid + (high - mid) / 3, n, basis) for i, low, mid, high, n, basis in rows]
ok("the judge sees ranges that are too narrow", judge(jobs, tight)[0][0] < 0.85)
unknown = history(JOBS, 5)
for j in unknown[FIRST:]:
    j["AlgorithmSpecification"]["TrainingImage"] = "elsewhere/unknown:1"
first = predict(BUILD, unknown[:FIRST + 1], FIRST, 1)[0]
equal("an image that nobody ran is judged by all jobs", (first[4], first[5]), (FIRST, 1))
equal("without history nothing is claimed", predict(BUILD, jobs[:1], 0, 1)[0][1::2], (-1.0, -1.0, 0))
done()
