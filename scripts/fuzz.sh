#!/usr/bin/env bash
# make fuzz [SECONDS=60] [ONLY="target ..."]: builds tests/fuzz with clang's libFuzzer, ASan and UBSan, and runs each
# build-fuzz/bin/fuzz-<target> for that long.  What it learns is kept in build-fuzz/corpus, and a finding in
# build-fuzz/findings.  When the targets that read what clients send have all run, the seeds in tests/fuzz/seeds and
# what was learned must reach nine lines in ten of each parser.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

# What counts the lines names the files of this clone: nothing of another one's is of use.
unset CCACHE_BASEDIR CCACHE_NOHASHDIR

# bash has a SECONDS of its own: the Makefile passes ours under another name.
seconds=${FUZZ_SECONDS:-60}
folder=$BUILD-fuzz
client_targets=(http json jsonrpc)
parsers=(gateway/era.cc gateway/guard.cc gateway/jsonrpc.cc privsep/http/base64.cc
  privsep/http/framing.cc privsep/http/headers.cc privsep/http/http.cc privsep/http/json_check.cc)
least_covered=90 # percent of lines
side_by_side=3   # targets at once: as many as `make test` runs

"$ROOT/scripts/install-deps.sh" test
configure "$folder" -DMCPBOX_TESTS=ON -DMCPBOX_FUZZ=ON -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19

names=()
for source in "$ROOT"/tests/fuzz/*.cc; do
  name=$(basename "$source" .cc)
  [[ -z ${ONLY:-} || " $ONLY " == *" $name "* ]] && names+=("$name")
done
((${#names[@]} > 0)) || die "there is no fuzz target named ${ONLY:-}"
ninja -C "$folder" -j "$(jobs_here)" --quiet "${names[@]/#/fuzz-}"

# seeds_of NAME: the folder of its seeds, where there is one.
seeds_of() { [[ ! -d $ROOT/tests/fuzz/seeds/$1 ]] || say "$ROOT/tests/fuzz/seeds/$1"; }

# fuzz NAME: one target for its time.
fuzz() {
  local seeds
  mkdir -p "$folder/corpus/$1"
  mapfile -t seeds < <(seeds_of "$1")
  LLVM_PROFILE_FILE=/dev/null "$folder/bin/fuzz-$1" -max_total_time="$seconds" -print_final_stats=1 \
    -artifact_prefix="$folder/findings/$1-" "$folder/corpus/$1" "${seeds[@]}"
}

mkdir -p "$folder/findings" "$folder/profiles" "$folder/logs"
for ((at = 0; at < ${#names[@]}; at += side_by_side)); do
  running=()
  for name in "${names[@]:at:side_by_side}"; do
    fuzz "$name" >"$folder/logs/$name" 2>&1 &
    running+=($!)
  done
  bad=0
  for name in "${names[@]:at:side_by_side}"; do
    wait "${running[0]}" || bad=1
    running=("${running[@]:1}")
    say "== $name, $seconds s"
    tail -n 40 "$folder/logs/$name"
  done
  ((bad == 0)) || die "a target found something: see $folder/findings"
done

for name in "${client_targets[@]}"; do
  [[ " ${names[*]} " == *" $name "* ]] || exit 0
done
say "== lines of the parsers that the corpus reaches"
rm -f "$folder"/profiles/*
programs=()
for name in "${client_targets[@]}"; do
  mapfile -t seeds < <(seeds_of "$name")
  LLVM_PROFILE_FILE="$folder/profiles/$name.raw" "$folder/bin/fuzz-$name" -runs=0 \
    "$folder/corpus/$name" "${seeds[@]}" >/dev/null 2>&1
  programs+=(${programs[@]:+-object} "$folder/bin/fuzz-$name")
done
llvm-profdata-19 merge -o "$folder/profiles/all" "$folder"/profiles/*.raw
llvm-cov-19 export -summary-only -instr-profile="$folder/profiles/all" "${programs[@]}" \
  -sources "${parsers[@]/#/$ROOT/}" |
  /usr/bin/python3 -c '
import json, sys
root, least = sys.argv[1] + "/", float(sys.argv[2])
files = json.load(sys.stdin)["data"][0]["files"]
rows = sorted((f["filename"].removeprefix(root), f["summary"]["lines"]["percent"]) for f in files)
for name, percent in rows:
    print(f"  {name:34} {percent:5.1f} %")
if len(rows) != int(sys.argv[3]) or any(percent < least for _, percent in rows):
    raise SystemExit(f"each of the {sys.argv[3]} parsers must reach {least:g} %")
' "$ROOT" "$least_covered" "${#parsers[@]}"
