"""A program of a user's own columns (data.program) with leaks planted in it: reads the rows
of the game logs as CSV and prints the columns that are named, an honest one among them."""
import csv
import sys
from collections import defaultdict

rows = list(csv.DictReader(sys.stdin))
PLAYED = [r["played"] == "1" for r in rows]


def number(r, column):
    return float(r[column]) if r[column] else float("nan")


def played_of(key):
    """Indices of the rows that happened, in order of day, for each value of a key."""
    found = defaultdict(list)
    for i in sorted(range(len(rows)), key=lambda i: rows[i]["season_date"]):
        if PLAYED[i]:
            found[key(rows[i])].append(i)
    return found


def mean(values):
    values = [v for v in values if v == v]
    return sum(values) / len(values) if values else float("nan")


def day(r):
    import datetime
    d = r["season_date"]
    return datetime.date(int(d[:4]), int(d[4:6]), int(d[6:])).toordinal()


def last_ten(shift):
    out = [float("nan")] * len(rows)
    for own in played_of(lambda r: r["player_id"]).values():
        for k, i in enumerate(own):
            out[i] = mean(number(rows[j], "dk_fpts") for j in own[max(0, k + 1 - shift - 10):k + 1 - shift])
    return out


def team_total():
    total = defaultdict(float)
    for r, played in zip(rows, PLAYED):
        if played:
            total[r["game_id"], r["team"]] += number(r, "dk_fpts")
    return [total[r["game_id"], r["team"]] - (number(r, "dk_fpts") if p else 0) for r, p in zip(rows, PLAYED)]


def team_mates():
    count = defaultdict(int)
    for r, played in zip(rows, PLAYED):
        count[r["game_id"], r["team"]] += played
    return [count[r["game_id"], r["team"]] for r in rows]


def whole_season(key, column="dk_fpts"):
    means = {k: mean(number(rows[i], column) for i in own) for k, own in played_of(key).items()}
    return [means.get(key(r), float("nan")) for r in rows]


def opponent_by_row():
    """The opponent's last ten rows before this ROW, not before this day."""
    out, seen = [float("nan")] * len(rows), defaultdict(list)
    for i in sorted(range(len(rows)), key=lambda i: rows[i]["season_date"]):
        out[i] = mean(seen[rows[i]["opp"]][-10:])
        if PLAYED[i]:
            seen[rows[i]["opp"]].append(number(rows[i], "dk_fpts"))
    return out


def until_next():
    out = [float("nan")] * len(rows)
    for own in played_of(lambda r: r["player_id"]).values():
        for i, j in zip(own, own[1:]):
            out[i] = day(rows[j]) - day(rows[i])
    return out


def games_left():
    out = [float("nan")] * len(rows)
    for own in played_of(lambda r: r["player_id"]).values():
        for k, i in enumerate(own):
            out[i] = len(own) - k
    return out


def filled_lag():
    lag = [float("nan")] * len(rows)
    for own in played_of(lambda r: r["player_id"]).values():
        for i, j in zip(own, own[1:]):
            lag[j] = number(rows[i], "dk_fpts")
    fill = mean(lag)
    return [fill if v != v else v for v in lag]


def z_score():
    groups = defaultdict(list)
    honest = last_ten(1)
    for v, r in zip(honest, rows):
        if v == v:
            groups[r["season_date"]].append(v)
    out = []
    for v, r in zip(honest, rows):
        own = groups[r["season_date"]]
        m = mean(own)
        s = (sum((x - m) ** 2 for x in own) / len(own)) ** .5 if own else 0
        out.append((v - m) / s if s and v == v else float("nan"))
    return out


COLUMNS = {
    "last_ten_not_shifted": lambda: last_ten(0),
    "same_minutes": lambda: [number(r, "min") for r in rows],
    "team_total": team_total,
    "season_mean": lambda: whole_season(lambda r: r["player_id"]),
    "same_starter": lambda: [number(r, "starter") for r in rows],
    "team_mates": team_mates,
    "opponent_by_row": opponent_by_row,
    "opponent_season": lambda: whole_season(lambda r: r["opp"]),
    "until_next": until_next,
    "games_left": games_left,
    "filled_lag": filled_lag,
    "z_score": z_score,
    "honest": lambda: last_ten(1),
}
names = sys.argv[1:] or list(COLUMNS)
print(",".join(names))
for values in zip(*(COLUMNS[name]() for name in names)):
    print(",".join("" if v != v else repr(float(v)) for v in values))
