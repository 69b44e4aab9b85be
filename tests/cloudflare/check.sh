#!/usr/bin/env bash
# The stand-in for Cloudflare's API (tests/system/harness/cloudflare) against what the vendor publishes:
# its types still give schema.json, and its SDK understands the stand-in.  Fetches 120 MB: a part of `make test-long`.
# usage: check.sh [--write]   --write makes schema.json anew, after package.json names another version of the SDK
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/common.sh
. "$here/../../scripts/common.sh"
install_node_packages
packages_of "$here"
cd "$here"
if [[ ${1:-} == --write ]]; then exec node generate.ts; fi
node generate.ts --check
node --test --test-force-exit --test-reporter=spec sdk.test.ts
