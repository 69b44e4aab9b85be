#!/usr/bin/env bash
# make fuzz [SECONDS=60] [ONLY=target]: builds tests/fuzz with clang's libFuzzer, ASan and UBSan, and runs each
# build-fuzz/bin/fuzz-<target> for that long.  What it learns is kept in build-fuzz/corpus, and a finding in
# build-fuzz/findings.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

# bash has a SECONDS of its own: the Makefile passes ours under another name.
seconds=${FUZZ_SECONDS:-60}
folder=$BUILD-fuzz
if ! compgen -G "$ROOT/tests/fuzz/*.cc" >/dev/null; then
  say "no fuzz target has been written yet"
  exit 0
fi

"$ROOT/scripts/install-deps.sh" test
configure "$folder" -DMCPBOX_TESTS=ON -DMCPBOX_FUZZ=ON -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19
ninja -C "$folder" -j "$(jobs_here)" --quiet

ran=0
for target in "$folder"/bin/fuzz-*; do
  [[ -x $target ]] || continue
  name=${target##*/fuzz-}
  [[ -z ${ONLY:-} || ${ONLY} == "$name" ]] || continue
  mkdir -p "$folder/corpus/$name" "$folder/findings"
  seeds=()
  [[ ! -d $ROOT/tests/fuzz/seeds/$name ]] || seeds=("$ROOT/tests/fuzz/seeds/$name")
  say "== $name, $seconds s"
  "$target" -max_total_time="$seconds" -artifact_prefix="$folder/findings/$name-" -print_final_stats=1 \
    "$folder/corpus/$name" "${seeds[@]}"
  ran=$((ran + 1))
done
((ran > 0)) || die "there is no fuzz target named ${ONLY:-}"
