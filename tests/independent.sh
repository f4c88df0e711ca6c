#!/usr/bin/env bash
# What the program writes, checked by tools that share no code with it.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
[ -n "${WUPING_IS_BUILT:-}" ] || cargo build --quiet -p wuping
export WUPING_LOG=error
wuping() { target/debug/wuping "$@"; }
failed() { echo "independent: $*" >&2; exit 1; }
work=$(mktemp -d)

# The tools themselves first: samples pass and damaged copies are refused. They work while the rest goes on.
python=$(command -v "$PYTHON")
case $python in /*) ;; *) python=$PWD/$python ;; esac
PYTHON=$python sh tests/verifiers/selftest.sh >"$work/selftest.txt" 2>&1 &
selftest=$!
trap 'kill "$selftest" 2>/dev/null || true; rm -rf "$work"' EXIT
# says so where there is no second witness for this Python
"$PYTHON" tests/verifiers/check_witness.py

whole="$work/whole"
wuping init --origin ledger.example/independent --data "$whole" >/dev/null
wuping import toronto-evaluations data/toronto_eval_pre2023.csv.gz --data "$whole"
wuping export tiles "$work/log" --data "$whole"
key=$(wuping key log --data "$whole")
"$PYTHON" tests/verifiers/check_tiles.py "$work/log" "$key"
# Without the rulebooks beside it the check ends at L4; results are derived again one by one on the small log below.
mv "$work/log/schemes" "$work/schemes"
"$PYTHON" tests/verifiers/check_entries.py "$work/log" "$key"
wuping verify --level 5 --data "$whole"
# With no witness configured, level 3 cannot be required: one finding, exit 1, and neither 0 nor 2.
code=0
wuping verify --level 3 --require L3 --data "$whole" >/dev/null || code=$?
[ "$code" = 1 ] || failed "level 3 without a witness ended with $code instead of 1"
echo "level 3 is refused where no witness is configured"

digest() { wuping rebuild --json --data "$whole" | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["digest"])'; }
first=$(digest)
again=$(digest)
[ "$first" = "$again" ] || failed "two rebuilds differ: $first and $again"
echo "two rebuilds, one digest: $first"

for day in 2018-12-31 2020-06-30 2021-12-31 2023-05-30; do
  wuping report grades --valid-at "$day" --json --data "$whole" | "$PYTHON" -c '
import collections, json, sys
day = sys.argv[1]
want = json.load(open("tests/cases/oracle.json"))["toronto_pre2023"]["latest_band_per_premises_as_of"][day]
if day == "2018-12-31":  # the one row without any indicator gives no grade: its premises keep the band of the row before
    want["Building Audit"] -= 1
    want["Evaluation needs to be conducted in 1 year"] += 1
got = collections.Counter(json.loads(line)["band"] for line in sys.stdin)
assert dict(got) == want, (day, got, want)
print(f"bands valid at {day} are those of the oracle: {sum(got.values())} premises")' "$day"
done

# A small log, each result derived again by a process of its own.
small="$work/small"
wuping init --origin ledger.example/small --data "$small" >/dev/null
gzip -dc data/toronto_eval_pre2023.csv.gz | sed -n '1,61p' >"$work/slice.csv"
wuping import toronto-evaluations "$work/slice.csv" --data "$small"
wuping export tiles "$work/small-log" --data "$small"
"$PYTHON" tests/verifiers/check_entries.py "$work/small-log" "$(wuping key log --data "$small")" --derive "target/debug/wuping derive" --require L5

# The same entries, and the sample's, once more by Node.js. The keys are those that the log enrols.
node_tools="$work/node"
mkdir "$node_tools"
cp tests/verifiers/package.json tests/verifiers/check_entries.mjs "$node_tools"
(cd "$node_tools" && npm install --ignore-scripts --silent --no-audit --no-fund)
"$PYTHON" - "$work/small-log/tile/entries" >"$work/small-keys.json" <<'EOF'
import base64, json, pathlib, sys
keys = []
for bundle in sorted(path for path in pathlib.Path(sys.argv[1]).rglob("*") if path.is_file()):
    raw, at = bundle.read_bytes(), 0
    while at < len(raw):
        length = int.from_bytes(raw[at:at + 2], "big")
        payload = json.loads(raw[at + 2:at + 2 + length])["payload"]
        data = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["data"]
        if "jwk" in data:
            keys.append({"kid": data["kid"], "jwk": data["jwk"]})
        at += 2 + length
print(json.dumps({"keys": keys}))
EOF
node "$node_tools/check_entries.mjs" tests/verifiers/sample-log tests/verifiers/sample-keys.json
node "$node_tools/check_entries.mjs" "$work/small-log" "$work/small-keys.json"

# Proofs of single entries and of the log's growth, by the other implementation.
small_key=$(wuping key log --data "$small")
"$PYTHON" - "$small/checkpoints.txt" "$work" <<'EOF'
import sys
notes = open(sys.argv[1], encoding="utf-8").read().split("\n\n")
whole = [f"{text}\n\n{lines}\n" for text, lines in zip(notes[0::2], notes[1::2])]
for name, note in ("old", whole[0]), ("new", whole[-1]):
    open(f"{sys.argv[2]}/{name}.note", "w", encoding="utf-8").write(note)
EOF
sizes=$(sed -n 2p "$work/old.note"; sed -n 2p "$work/new.note")
wuping proof consistency $sizes -o "$work/growth.txt" --data "$small" >/dev/null
"$PYTHON" tests/verifiers/check_proof.py consistency "$work/growth.txt" "$small_key" "$work/old.note" "$work/new.note"
for position in 0 1 7 8 63 100; do
  wuping proof inclusion "$position" -o "$work/$position.tlog-proof" --entry "$work/$position.json" --data "$small" >/dev/null
  "$PYTHON" tests/verifiers/check_proof.py inclusion "$work/$position.tlog-proof" "$work/$position.json" "$small_key"
  wuping proof check "$work/$position.tlog-proof" --entry "$work/$position.json" --log-key "$small_key" --data "$work/no-ledger" >/dev/null
done

# A disclosure by a legal officer, checked by both.
password=$(wuping account open legal --name 某人 --role legal_officer --json --data "$small" | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["password"])')
opened=$(wuping history "$(wuping key list --json --data "$small" | "$PYTHON" -c 'import json, sys; print("account/" + [k["holder"] for k in map(json.loads, sys.stdin) if k["role"] == "officer"][-1])')" --json --data "$small" \
  | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)[0]["position"])')
WUPING_PASSWORD=$password wuping disclose "$opened" --field name --basis "a test" --to "a test" --as legal -o "$work/name.json" --data "$small" >/dev/null
"$PYTHON" tests/verifiers/check_disclosure.py "$work/name.json" "$small_key"
wuping disclose check "$work/name.json" --log-key "$small_key" --data "$work/no-ledger" >/dev/null

wuping conformance scheme tests/cases/cases.json
wuping conformance vectors tests/verifiers/vectors.json --log tests/verifiers/sample-log

wait "$selftest" || { cat "$work/selftest.txt" >&2; failed "a tool does not find what it must find, or finds what is not there"; }
tail -n 1 "$work/selftest.txt"
