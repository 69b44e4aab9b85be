#!/usr/bin/env bash
# make test: dependencies, lint, the build, every test; ends with plain counts.
# usage: test.sh [--long]   --long adds clang-tidy, the build and the tests with clang 19, and the tests with the ctest
# label `long`: CI has 35 minutes on two cores, and these take as long again
set -uo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
cd "$ROOT" || exit 1

long=${1:-}
passed=0 failed=0 skipped=0
timings=() names=()
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

timed() {
  local name=$1 started=$SECONDS status=0
  shift
  say "== $name"
  "$@" || status=$?
  timings+=("$(printf '%-28s %5.1f min' "$name" "$(awk -v s=$((SECONDS - started)) 'BEGIN { print s / 60 }')")")
  return $status
}

# count_one NAME COMMAND...: a part that passes or fails as a whole.
count_one() {
  if timed "$@" > >(tee "$results/part") 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    names+=("$1 :: $(grep -a -E 'FAIL|✖|×|Error|error:' "$results/part" | head -5 | tr -s ' \n' ' ' | cut -c -400)")
    say "FAILED: $1"
  fi
}

build_with() {
  local folder=$1
  shift
  configure "$folder" -DMCPBOX_TESTS=ON "$@" && ninja -C "$folder" -j "$(jobs_here)" --quiet
}

# tests_in FOLDER NAME [LABELS]: adds the counts of one ctest run, read from its own report, without the tests that
# have one of LABELS (separated by |).  One expression: ctest excludes only what every --label-exclude matches.
tests_in() {
  local folder=$1 name=$2 report=$results/$2.xml status=0
  local without=${3:-none}
  [[ -n $long ]] || without="$without|long"
  ctest --test-dir "$folder" -j "$(($(nproc) + 1))" --output-on-failure --output-junit "$report" \
    --label-exclude "^($without)\$" || status=$?
  local counts
  counts=$(/usr/bin/python3 - "$report" <<'PYTHON'
import sys, xml.etree.ElementTree as tree
try:
    cases = list(tree.parse(sys.argv[1]).getroot().iter("testcase"))
except (OSError, tree.ParseError):
    cases = []
bad = sum(1 for c in cases if c.get("status") == "fail")
off = sum(1 for c in cases if c.get("status") in ("disabled", "notrun"))
print(len(cases) - bad - off, bad, off)
for case in cases:
    if case.get("status") == "fail":
        # What a test prints last says best why: it is kept short, so that the end of a log holds all of them.
        words = " | ".join(filter(None, (line.strip() for line in (case.findtext("system-out") or "").splitlines())))
        marks = [at for at in (words.find("Failure"), words.find("not ok"), words.find("✖")) if at >= 0]
        print(case.get("name"), "::", words[min(marks):][:300] if marks else words[-300:])
PYTHON
  )
  local p f s
  read -r p f s <<<"$counts"
  mapfile -t -O "${#names[@]}" names < <(tail -n +2 <<<"$counts")
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  say "$name: $p passed, $f failed, $s skipped"
  # A run that broke off, or ran nothing, is a failure even if no test says so.
  if ((f == 0)) && ((status != 0 || p == 0)); then failed=$((failed + 1)) && return 1; fi
  return $status
}

"$ROOT/scripts/install-deps.sh" test || die "dependencies are missing"
install_node_packages || die "the Node packages could not be fetched"

# The Worker's are the largest, and come while the compiler works.  What goes wrong is told when they are wanted.
(packages_of "$ROOT/worker") >"$results/packages" 2>&1 &
fetching=$!
count_one "web UI" "$ROOT/scripts/build-ui.sh"
count_one "tests of the web UI" "$ROOT/scripts/build-ui.sh" --test
gcc_ok=1 clang_ok=1
timed "build with g++ 12" build_with "$BUILD" -DCMAKE_C_COMPILER=gcc -DCMAKE_CXX_COMPILER=g++ || gcc_ok=0
[[ -z $long ]] || timed "build with clang 19" build_with "$BUILD-clang" -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 \
  -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O1 -DNDEBUG" || clang_ok=0
wait "$fetching"
count_one "tests of the Worker" "$ROOT/scripts/build-worker.sh" --test
lint_mode=--quick
[[ -z $long ]] || lint_mode=--all
count_one "lint" "$ROOT/scripts/lint.sh" "$lint_mode"
if ((gcc_ok)); then timed "tests, g++ 12" tests_in "$BUILD" gcc; else failed=$((failed + 1)); fi
# The parsers of what clients send, with what the corpus knows and a little more; `make fuzz` does it at length.
count_one "fuzz" env FUZZ_SECONDS=30 ONLY="http json jsonrpc" "$ROOT/scripts/fuzz.sh"
# The whole-system story is about the daemons' behaviour, not the compiler's: once is enough.
if [[ -n $long ]] && ((clang_ok)); then
  timed "tests, clang 19" tests_in "$BUILD-clang" clang system
fi
((clang_ok)) || failed=$((failed + 1))

say ""
say "minutes per part"
printf '  %s\n' "${timings[@]}"
((gcc_ok)) || say "the build with g++ 12 FAILED"
((clang_ok)) || say "the build with clang 19 FAILED"
# Last, because whoever reads the end of a long log must learn from it what to look at.
((${#names[@]} == 0)) || printf 'FAILED: %s\n' "${names[@]}"
say "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
