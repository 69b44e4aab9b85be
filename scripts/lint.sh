#!/usr/bin/env bash
# make lint: zero findings or failure.  What was clean stays clean until it changes: clang-tidy's verdict is kept
# per file under a hash of everything that the file includes, so a second run takes seconds.
# usage: lint.sh [--all | --format | --quick]   with --format the formatters rewrite the files instead of complaining; with
# --quick there is no clang-tidy, which takes longer than the build, and cppcheck leaves out tests and benchmarks
set -uo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
cd "$ROOT" || exit 1

mode=${1:-}
failed=()

# The files of the checkout that match, tracked or not yet tracked, never ignored ones.
files() {
  if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard -- "$@" | while IFS= read -r file; do
      [[ ! -f $file ]] || printf '%s\n' "$file"
    done
  else
    local pattern
    for pattern in "$@"; do find . -path ./build\* -prune -o -path '*/node_modules' -prune -o -name "$pattern" -printf '%P\n'; done
  fi | sort -u
}

# part NAME COMMAND...: runs one linter and remembers whether it found anything.
part() {
  local name=$1 started=$SECONDS
  shift
  if "$@"; then
    printf 'lint %-12s ok      %3d s\n' "$name" $((SECONDS - started))
  else
    printf 'lint %-12s FAILED  %3d s\n' "$name" $((SECONDS - started))
    failed+=("$name")
  fi
}

mapfile -t cxx < <(files '*.cc' '*.h' '*.c')
mapfile -t sources < <(files '*.cc')
mapfile -t python < <(files '*.py')
mapfile -t shell < <(files '*.sh')
shell+=(.ci/run)
mapfile -t web < <(files '*.ts' '*.tsx' '*.mjs' '*.json' '*.css' '*.html' | grep -v package-lock.json)

run_clang_format() { clang-format-19 --dry-run --Werror "${cxx[@]}"; }
run_black() { ((${#python[@]} == 0)) || black --quiet --check --diff "${python[@]}"; }
run_flake8() {
  ((${#python[@]} == 0)) ||
    /usr/bin/python3 -m flake8 "${python[@]}"
}
run_shellcheck() { shellcheck --external-sources "${shell[@]}"; }
prettier() { node "$NODE_FOLDER/node_modules/prettier/bin/prettier.cjs" "$@"; }
run_prettier() { ((${#web[@]} == 0)) || prettier --log-level warn --check "${web[@]}"; }
run_tsc() {
  local config
  for config in $(files 'tsconfig.json' '*/tsconfig.json'); do
    (cd "$(dirname "$config")" && node "$NODE_FOLDER/node_modules/typescript/bin/tsc" --noEmit --strict -p .) || return 1
  done
}

# Only what the build knows can be checked; a source file that no CMakeLists.txt names is a finding itself.
known_sources() {
  /usr/bin/python3 - "$BUILD/compile_commands.json" <<'PYTHON'
import json, os, sys
root = os.getcwd() + "/"
print("\n".join(sorted({e["file"].removeprefix(root) for e in json.load(open(sys.argv[1])) if e["file"].startswith(root)})))
PYTHON
}

run_unbuilt() {
  local stray
  stray=$(comm -23 <(printf '%s\n' "${sources[@]}" | sort) <(known_sources | sort))
  [[ -z $stray ]] || { printf 'in no CMakeLists.txt:\n%s\n' "$stray" && return 1; }
}

run_clang_tidy() { /usr/bin/python3 scripts/tidy.py "$BUILD" "$(jobs_here)"; }

run_cppcheck() {
  local read=("${sources[@]}")
  [[ $mode != --quick ]] || mapfile -t read < <(printf '%s\n' "${sources[@]}" | grep -Ev '^(tests|bench)/')
  mkdir -p "$BUILD/lint/cppcheck"
  cppcheck --quiet --error-exitcode=1 --std=c++20 --language=c++ --enable=warning,performance,portability \
    --inline-suppr --suppressions-list=.cppcheck --cppcheck-build-dir="$BUILD/lint/cppcheck" \
    -j "$(jobs_here)" -I . --library=googletest "${read[@]}"
}

install_node_packages && packages_of "$ROOT/admin/ui" && packages_of "$ROOT/worker" || exit 1

if [[ $mode == --format ]]; then
  clang-format-19 -i "${cxx[@]}"
  ((${#python[@]} == 0)) || black --quiet "${python[@]}"
  ((${#web[@]} == 0)) || prettier --log-level warn --write "${web[@]}"
  exit 0
fi

[[ -e $BUILD/compile_commands.json && -e $BUILD/CMakeCache.txt ]] || configure "$BUILD" -DMCPBOX_TESTS=ON
grep -q 'MCPBOX_TESTS:BOOL=ON' "$BUILD/CMakeCache.txt" || configure "$BUILD" -DMCPBOX_TESTS=ON

# What must be right for everything else to be: the lines of ours that the monitor links, without comments and blanks.
monitor_budget=6000
say_monitor_size() {
  local parts lines
  mapfile -t parts < <(ninja -C "$BUILD" -t inputs bin/mcpbox-monitor 2>/dev/null | grep '\.cc$' | sort -u)
  ((${#parts[@]} > 0)) || { say "the size of mcpbox-monitor is not known: it is not in $BUILD" && return 1; }
  lines=$(cat "${parts[@]}" | grep -cvE '^[[:space:]]*(//.*)?$')
  printf 'mcpbox-monitor links %d lines of ours in %d files; its budget is %d' "$lines" ${#parts[@]} $monitor_budget
  if ((lines > monitor_budget)); then printf ': %d too many\n' $((lines - monitor_budget)); else printf '\n'; fi
}

say_monitor_size
part clang-format run_clang_format
part shellcheck run_shellcheck
part black run_black
part flake8 run_flake8
part prettier run_prettier
part tsc run_tsc
part unbuilt run_unbuilt
part cppcheck run_cppcheck
[[ $mode == --quick ]] || part clang-tidy run_clang_tidy

((${#failed[@]} == 0)) || die "lint found something: ${failed[*]}"
