#!/usr/bin/env bash
# Whether the server keeps the description that it serves of itself: made-up requests, good and bad, to every operation of
# /api/v1/openapi.json, by nobody, by an administrator and by a dispatcher. No answer may be a 5xx, or of a status, a type or a
# shape that is not described. SCHEMATHESIS names the program; a number as the first argument is another seed.
set -euo pipefail
cd "$(dirname "$0")/.."
SCHEMATHESIS=${SCHEMATHESIS:-schemathesis}
PYTHON=${PYTHON:-python3}
[ -n "${WUPING_IS_BUILT:-}" ] || cargo build --quiet -p wuping
export WUPING_LOG=error
work=$(mktemp -d)
server=
asking=()
ended() {
  for process in "${asking[@]}" $server; do kill "$process" 2>/dev/null || true; done
  wait
  rm -rf "$work"
}
trap ended EXIT
trap 'exit 1' INT TERM
failed() { echo "contract: $*" >&2; exit 1; }
wuping() { target/debug/wuping "$@" --data "$work/sample"; }
member() { "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

# On a free port; the server says which.
serve() {
  : >"$work/said"
  target/debug/wuping serve --data "$work/sample" --listen 127.0.0.1:0 >"$work/said" 2>"$work/log" &
  server=$!
  for _ in $(seq 1800); do
    base=$(sed -n 's/^wuping serves .* on //p' "$work/said")
    [ -z "$base" ] || return 0
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  failed "the server did not start: $(cat "$work/log")"
}
serve
kill "$server"
wait "$server" || true

# The sample's people have no passwords: two of its own, and a channel that may deliver everything.
wuping account open contract-admin --name 某人 --role administrator --json | member password >"$work/admin"
wuping account open contract-dispatcher --name 某人 --role dispatcher --json | member password >"$work/dispatcher"
token=$(wuping feed open feed-contract --department fire --kind indicators --kind incidents --kind alerts --kind premises \
  --kind parties --kind assessors --json | member token)
serve

# Sign in; prints the cookie and the token of commands.
sign_in() {
  "$PYTHON" - "$base" "$1" "$(cat "$2")" <<'PY'
import json, sys, urllib.request
base, login, password = sys.argv[1:]
body = json.dumps({"login": login, "password": password}).encode()
request = urllib.request.Request(base + "/api/v1/session", body, {"Content-Type": "application/json"})
with urllib.request.urlopen(request) as answer:
    print(answer.headers["Set-Cookie"].split(";")[0], json.load(answer)["csrf"])
PY
}
ask() {
  local who=$1
  shift
  exec "$SCHEMATHESIS" --config-file tests/contract.toml run "$base/api/v1/openapi.json" --no-color \
    ${seed:+--seed "$seed"} "$@" >"$work/$who.txt" 2>&1
}
seed=${1:-}
names=(nobody)
ask nobody &
asking+=($!)
# The requests at every edge of every schema (coverage) take the longest: by the dispatcher they are left out.
declare -A phases=([admin]=examples,coverage,fuzzing [dispatcher]=examples,fuzzing)
for who in admin dispatcher; do
  session=$(sign_in "contract-$who" "$work/$who")
  # Signing out would end the session of all that follows: that is asked by nobody only. The session is in every request, so
  # that none is made up; that an operation asks for one is what ignored_auth checks.
  ask "$who" --header "Cookie: ${session% *}" --header "X-CSRF-Token: ${session#* }" --header "Authorization: Bearer $token" \
    --phases "${phases[$who]}" --exclude-method DELETE --generation-with-security-parameters false &
  asking+=($!)
  names+=("$who")
done
faults=0
for number in "${!asking[@]}"; do
  if wait "${asking[$number]}"; then
    echo "asked by ${names[$number]}: $(grep ' generated' "$work/${names[$number]}.txt" || true)"
  else
    echo "== asked by ${names[$number]}" >&2
    cat "$work/${names[$number]}.txt" >&2
    faults=1
  fi
done
# A panic of a handler closes the connection, which is not always told as a failure.
if grep -q panicked "$work/log"; then
  cat "$work/log" >&2
  failed "the server panicked"
fi
[ "$faults" = 0 ] || failed "the server does not keep its description"
