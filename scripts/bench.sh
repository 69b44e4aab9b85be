#!/usr/bin/env bash
# make bench [ONLY=part]: runs build/bin/bench-<part> and keeps every figure in build/bench.json under "part.name".
# Each program prints one JSON object a line: {"name", "value", "unit", "runs", "spread"}; spread is half the range
# between the quartiles of the runs, in the same unit.  Figures of parts that were not run are kept.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

"$ROOT/scripts/install-deps.sh" bench
install_node_packages
configure "$BUILD" -DMCPBOX_TESTS=ON
ninja -C "$BUILD" -j "$(jobs_here)" --quiet

ran=0
for program in "$BUILD"/bin/bench-*; do
  [[ -x $program ]] || continue
  part=${program##*/bench-}
  [[ -z ${ONLY:-} || ${ONLY} == "$part" ]] || continue
  say "== $part"
  "$program" | /usr/bin/python3 "$ROOT/scripts/keep_figures.py" "$BUILD/bench.json" "$part"
  ran=$((ran + 1))
done
if ((ran == 0)); then
  [[ -z ${ONLY:-} ]] || die "there is no benchmark named $ONLY"
  say "no benchmark has been written yet"
fi
