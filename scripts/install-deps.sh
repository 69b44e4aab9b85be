#!/usr/bin/env bash
# Installs the Debian packages that are missing, and says which.  When nothing is missing it says nothing and
# touches no network.  usage: install-deps.sh run|deb|test|bench
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

to_run=(g++ cmake ninja-build ccache pkg-config
  libevent-dev libjansson-dev libpq-dev libsodium-dev libseccomp-dev libpython3.11-dev
  libcurl4-openssl-dev libssl-dev ca-certificates
  postgresql-15 python3 python3-jsonschema python3-httpx)
to_deb=(debhelper dh-apparmor fakeroot lintian)
to_test=("${to_deb[@]}" mandoc apparmor binutils libgtest-dev libgmock-dev libcmocka-dev systemd chromium prometheus
  iproute2 openssl util-linux strace curl
  clang-19 libclang-rt-19-dev llvm-19 clang-tidy-19 clang-format-19 lld-19 cppcheck shellcheck black python3-flake8)

to_bench=(bubblewrap iproute2 openssl) # what `make bench` compares a call with, and the network that it builds

# Only to fetch the pinned Node and its packages: whichever npm is there will do.
command -v npm >/dev/null || to_run+=(npm)

case ${1:-} in
  run) wanted=("${to_run[@]}") ;;
  deb) wanted=("${to_deb[@]}") ;;
  bench) wanted=("${to_run[@]}" "${to_bench[@]}" libgtest-dev libgmock-dev libcmocka-dev) ;;
  test) wanted=("${to_run[@]}" "${to_test[@]}") ;;
  *) die "usage: install-deps.sh run|deb|test|bench" ;;
esac

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
((${#missing[@]} == 0)) && exit 0

say "missing Debian packages: ${missing[*]}"
if ((EUID != 0)); then
  die "installing them needs root; run:  sudo $0 $1"
fi

export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y --no-install-recommends "$@"; }
apt-get update

# PostgreSQL's package would make and start a cluster of its own, which nobody here wants: it is told not to
# while it is being installed, and its configuration is put back afterwards.
clusters=/etc/postgresql-common/createcluster.conf
if [[ " ${missing[*]} " == *" postgresql-15 "* ]]; then
  install postgresql-common
  kept=$(mktemp)
  cp -p "$clusters" "$kept"
  trap 'cp -p "$kept" "$clusters"; rm -f "$kept"' EXIT
  sed -i '/create_main_cluster/d' "$clusters"
  echo 'create_main_cluster = false' >>"$clusters"
fi
# Its tools are wanted, not a server that runs from now on.
if [[ " ${missing[*]} " == *" prometheus "* && ! -e /etc/systemd/system/prometheus.service ]]; then
  mkdir -p /etc/systemd/system
  ln -s /dev/null /etc/systemd/system/prometheus.service
fi
install "${missing[@]}"
