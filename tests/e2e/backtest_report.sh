# sagetop backtest report and compare by their text, their statuses, and what they refuse.
. "$SAGETOP_SRC/tests/e2e/lib.sh"

runs=$XDG_STATE_HOME/sagetop/backtests
mkdir -p "$runs/small"
header='date,entity,group,cycle,scored,actual,prediction,low,high,scale'

# make_predictions SHIFT: 12 slates of 8 entities; the season mean is off by 2 and more, the
# model by SHIFT; one row did not happen, one has no prediction, one entity has an evil name.
make_predictions() {
	awk -v header="$header" -v shift="$1" 'BEGIN {
		print header ",model:ridge,baseline:season_mean,baseline:ewm_5,never"
		for (d = 1; d <= 12; d++)
			for (e = 0; e < 8; e++) {
				name = e == 7 ? "\"<b>\033[31m, evil\"" : "player-" e
				y = 5 * e + (d * 7 + e * 3) % 5
				p = y + shift * ((d + e) % 3 - 0.5)
				mean = y + 2 + (d * e) % 3
				happened = !(d == 3 && e == 2)
				row = sprintf("2018-01-%02d,%s,g%d,%d,%d,%s,%s,%g,%g,%s", d, name, e % 2, d > 7, happened,
					happened ? y : "", d == 4 && e == 1 ? "" : p, p - 2, p + 2, e ? 2 + e / 4 : "")
				printf "%s,%g,%g,%s,%g\n", row, p + 0.5, mean, e == 5 ? "" : mean - 1, p + 1
			}
	}'
}
make_predictions 1 >"$runs/small/predictions.csv"
echo '{"headline": "season_mean", "intervals": {"coverage": 0.9}}' >"$runs/small/spec.json"
echo '{"usd_micro": 2400000, "jobs": 2, "billable_seconds": 7384, "prices_as_of": "2026-09-24"}' >"$runs/small/cost.json"
echo '{"ridge": {"lag1": 30, "ewm5": 60, "rest": 10, "none": 0}}' >"$runs/small/importances.json"

mkdir "$runs/losing"
make_predictions 9 >"$runs/losing/predictions.csv"
sagetop backtest report small
tap_equal 'a run that beats its baseline' 0 "$status"
cp "$work/out" "$work/small"
sagetop backtest report losing
tap_equal 'one that does not' 3 "$status"
cat "$work/small" "$work/out" >"$work/both"
if [ -n "${UPDATE_GOLDEN-}" ]; then cp "$work/both" "$SAGETOP_SRC/tests/golden/backtest.txt"; fi
tap_empty 'their reports are what they were' "$(diff -u "$SAGETOP_SRC/tests/golden/backtest.txt" "$work/both")"
tap_empty 'they fit 80 columns' "$(awk 'length > 80' "$work/both")"
tap_empty 'no escape sequence gets through' "$(grep -n "$(printf '\033')" "$work/both")"
sagetop backtest report "$runs/small/"
tap_empty 'by its folder it is the same' "$(diff -u "$work/small" "$work/out")"
sagetop backtest report small --csv
tap_equal 'CSV has a row for each column of each group' $((5 * (1 + 2 + 2 + 12 + 8 + 5) + 1)) "$(wc -l <"$work/out")"
tap_empty 'all with as many cells' "$(python3 -c '
import csv, sys
rows = list(csv.reader(open(sys.argv[1])))
print("".join(str(r) for r in rows if len(r) != len(rows[0])), end="")' "$work/out" 2>&1)"
sagetop backtest report small --format tsv --no-header
tap_equal 'TSV without a header' $((5 * 30)) "$(awk -F '\t' 'NF == 22' "$work/out" | wc -l)"

cp "$runs/losing/predictions.csv" "$work/bad.csv"
sagetop backtest report "$work/bad.csv"
tap_equal 'one that loses says so in its status' 3 "$status"
tap_match 'and in its first line' '^[0-9.]+ % worse than the season mean \(95 %: .* worse\): do not use it$' "$(echo "$out" | head -n 1)"
sagetop backtest report "$work/bad.csv" --json
tap_equal 'and so with JSON' 3 "$status"
tap_match 'where it stands as well' '"outcome": "worse"' "$out"
(cd "$work" && run "$bin/sagetop" backtest report bad.csv --baseline ewm_5 && tap_match 'another headline' '(than|from) the exponentially weighted mean of 5' "$out" && echo "$tap_n $tap_failed" >"$work/tap")
read -r tap_n tap_failed <"$work/tap"

# The page: whole, of itself, and nobody's text is markup in it.
sagetop backtest report losing --html "$work/page.html"
tap_equal 'with --html only the verdict is printed' 1 "$(wc -l <"$work/out")"
tap_equal 'and it is the first line of the report' "$(sagetop backtest report losing; echo "$out" | head -n 1)" "$out"
tap_empty 'the page is well-formed, without script and without links' "$(python3 - "$work/page.html" 2>&1 <<'PY'
import html.parser, sys
text = open(sys.argv[1], encoding="utf-8").read()
VOID = {"meta"}
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.words = [], {}, []
    def handle_starttag(self, tag, attributes):
        self.seen[tag] = self.seen.get(tag, 0) + 1
        if tag in ("script", "link", "img", "iframe", "object", "b", "a"):
            print("there is a", tag)
        for name, value in attributes:
            if name in ("src", "href") or name.startswith("on") or "url(" in (value or ""):
                print("there is", name, value)
        if tag not in VOID:
            self.open.append(tag)
    def handle_startendtag(self, tag, attributes):
        pass
    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            print("not closed in order:", tag)
    def handle_data(self, data):
        self.words.append(data)
page = Page()
page.feed(text)
page.close()
if page.open:
    print("left open:", page.open)
if page.seen.get("svg") != 5 or page.seen.get("rect") != 12 + 5 + 5 + 5:
    print("charts:", page.seen)
if not any("<b>, evil" in w for w in page.words):
    print("the entity of that name is not there as text")
if "prefers-color-scheme:dark" not in text or "http" in text or "@import" in text or "nan" in text.lower().replace("nance", ""):
    print("style or figures")
PY
)"
fails 1 'no-such-folder' 'a page that cannot be written' -- backtest report small --html /no-such-folder/x.html

# compare
sagetop backtest compare small "$work/bad.csv"
tap_equal 'the better of two' 0 "$status"
tap_match 'is said to be' '^small: [0-9.]+ % better than .*bad.csv \(95 %: ' "$out"
tap_match 'on the rows of both' '^rows in both +96$' "$out"
sagetop backtest compare "$work/bad.csv" small
tap_equal 'the worse of two' 3 "$status"
sagetop backtest compare small small
tap_equal 'nobody beats himself' 3 "$status"
tap_match 'and it is said' '^small: no different from small on any slate$' "$out"
grep -v ',player-3,' "$work/bad.csv" | sed 's/2018-01-12/2018-01-13/' >"$work/part.csv"
sagetop backtest compare small "$work/part.csv" --json
tap_match 'rows of one only are counted' '"rows_only_in_a": 19' "$out"
tap_match 'of the other too' '"rows_only_in_b": 7' "$out"
sed 's/2018-/2019-/' "$work/bad.csv" >"$work/later.csv"
fails 1 'no row \(date and entity\) in common' 'runs with nothing in common' -- backtest compare small "$work/later.csv"
sed '2s/,1,[0-9.]*,/,1,77,/' "$work/bad.csv" >"$work/other.csv"
fails 1 'player-0 on 2018-01-01 is .* not of the same data' 'runs of other data' -- backtest compare small "$work/other.csv"

# What cannot be judged.
fails 4 'there is no such run in .*backtests' 'a run that is not there' -- backtest report gone
fails 4 'there is no such run' 'a file that is not there' -- backtest report ./gone/predictions.csv
mkdir "$runs/running"
fails 4 'has no predictions.csv yet' 'a run that has not ended' -- backtest report running
head -c 2000 "$runs/small/predictions.csv" >"$work/torn.csv"
fails 1 'torn.csv:[0-9]+: the last line has no end: the file is torn' 'a torn file' -- backtest report "$work/torn.csv"
sed '5s/,[^,]*$//' "$work/bad.csv" >"$work/short.csv"
fails 1 'short.csv:5: the line ends before its column never' 'a line with too few cells' -- backtest report "$work/short.csv"
sed '6s/,1,[0-9.]*,/,1,text,/' "$work/bad.csv" >"$work/text.csv"
fails 1 'text.csv:6: actual is "text": a number is wanted' 'text where a number should be' -- backtest report "$work/text.csv"
sed '7p' "$work/bad.csv" >"$work/twice.csv"
fails 1 'twice.csv:8: player-5 has a second row on 2018-01-01' 'two rows of an entity on a date' -- backtest report "$work/twice.csv"
fails 1 'has no baseline season_maen: did you mean season_mean\?' 'an unknown headline' -- backtest report "$work/bad.csv" --baseline season_maen
echo '{"headline": "last_10"}' >"$work/spec.json"
fails 1 'has no baseline last_10: it has season_mean, ewm_5' 'a headline of the specification that the file has not' -- backtest report "$work/bad.csv"
echo '{"headline": "ewm_5"}' >"$work/spec.json"
fails 1 'named ewm_5 as the headline baseline beforehand' 'another headline afterwards' -- backtest report "$work/bad.csv" --baseline season_mean
echo '{"intervals": {"coverage": 80}}' >"$work/spec.json"
fails 1 'coverage is above 0 and below 1' 'a coverage in percent' -- backtest report "$work/bad.csv"
echo '{"headline": ' >"$work/spec.json"
fails 1 'spec.json:' 'a torn specification' -- backtest report "$work/bad.csv"
rm "$work/spec.json"
echo "$header" >"$work/none.csv"
fails 1 'has no row: there is nothing to judge' 'no row' -- backtest report "$work/none.csv"
: >"$work/empty.csv"
fails 1 'has no line' 'an empty file' -- backtest report "$work/empty.csv"
head -c 3000000 /dev/zero | tr '\0' x >"$work/long.csv"
fails 1 'longer than 1 MB' 'a line without end' -- backtest report "$work/long.csv"
{ echo "$header,model:ridge"; echo '2018-01-01,a,g,0,1,1,2,,,,3'; } >"$work/alone.csv"
fails 1 'has no baseline: a column baseline:season_mean is wanted' 'nothing to be compared with' -- backtest report "$work/alone.csv"
sed -n '1p;2,9p' "$work/bad.csv" >"$work/one.csv"
sagetop backtest report "$work/one.csv"
tap_equal 'one slate proves nothing' 3 "$status"
tap_match 'and says why' 'on one slate only, which tells nothing$' "$(echo "$out" | head -n 1)"

fails 2 'unknown verb "reprot" of backtest: did you mean "report"\?' 'an unknown verb' -- backtest reprot small
fails 2 'backtest report needs more: sagetop backtest report RUN' 'too few arguments' -- backtest report
fails 2 'backtest report needs less' 'too many' -- backtest report a b
fails 2 'exclude each other' 'two forms' -- backtest report small --csv --json
fails 2 'takes neither' 'a form that compare has not' -- backtest compare small small --csv
sagetop --complete backtests
tap_match 'runs for completion' '^small$' "$out"
sagetop help backtest
tap_match 'help lists the verbs' '^  compare A B' "$out"
tap_empty 'in 80 columns' "$(printf '%s\n' "$out" | awk 'length > 80')"
tap_done
