#!/usr/bin/env bash
# make deb: the Debian package, into the build folder; then lintian, which must find nothing.
# usage: deb.sh [--built]   (--built: what is in BUILD is taken as it is)
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
cd "$ROOT"

"$ROOT/scripts/install-deps.sh" deb
if [[ ${1:-} != --built ]]; then
  "$ROOT/scripts/install-deps.sh" run
  "$ROOT/scripts/build-ui.sh"
  "$ROOT/scripts/build-worker.sh"
  build_product
fi
as_root=()
((EUID == 0)) || as_root=(fakeroot)
"${as_root[@]}" debian/rules clean >/dev/null
DH_QUIET=1 DH_INTERNAL_OPTIONS='' "${as_root[@]}" debian/rules binary
package=$BUILD/mcpbox_$(dpkg-parsechangelog -S Version)_$(dpkg --print-architecture).deb
"${as_root[@]}" debian/rules clean >/dev/null
lintian --fail-on error,warning --tag-display-limit 0 "$package"
say "$package"
