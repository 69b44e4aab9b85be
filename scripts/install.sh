#!/usr/bin/env bash
# make install: the programs, the units and the accounts' names into their places.  Starts nothing and makes no account.
# usage: install.sh [--built]   (--built: what is in BUILD is taken as it is)
# environment: DESTDIR (default none) goes before every path, for packages; PREFIX (default /usr) is where it will run
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

PREFIX=${PREFIX:-/usr}
[[ $PREFIX =~ ^/[A-Za-z0-9_./-]*$ ]] || die "PREFIX must be an absolute path of letters, digits and _ . / -"
PREFIX=${PREFIX%/}
if [[ ${1:-} != --built ]]; then
  "$ROOT/scripts/install-deps.sh" run
  build_product
fi
to=${DESTDIR:-}$PREFIX
programs=(mcpbox-launcher mcpbox-monitor mcpbox-gateway mcpbox-executor mcpbox-password mcpbox-migrate)
# Whatever other daemons this build has, they stand beside the launcher, which finds them there.
for more in mcpbox-admin mcpbox-egress mcpbox-dialer; do
  [[ ! -x $BUILD/bin/$more ]] || programs+=("$more")
done


install -d "$to/libexec/mcpbox/setup" "$to/bin" "$to/lib/systemd/system" "$to/lib/sysusers.d" "$to/lib/tmpfiles.d"
for program in "${programs[@]}"; do install -m 0755 "$BUILD/bin/$program" "$to/libexec/mcpbox/"; done
install -m 0755 "$BUILD/bin/mcpboxctl" "$to/bin/"
install -m 0755 "$ROOT/scripts/setup-instance.sh" "$to/libexec/mcpbox/setup/"
install -m 0644 "$ROOT/scripts/common.sh" "$to/libexec/mcpbox/setup/"
for unit in mcpbox.target mcpboxd.socket mcpboxd.service; do
  sed "s#/usr/libexec/#$PREFIX/libexec/#" "$ROOT/systemd/$unit" >"$to/lib/systemd/system/$unit"
  chmod 0644 "$to/lib/systemd/system/$unit"
done
install -m 0644 "$ROOT/systemd/mcpbox.sysusers.conf" "$to/lib/sysusers.d/mcpbox.conf"
install -m 0644 "$ROOT/systemd/mcpbox.tmpfiles.conf" "$to/lib/tmpfiles.d/mcpbox.conf"

[[ -n ${DESTDIR:-} ]] || cat <<TEXT
MCPbox is installed under $PREFIX.  It needs PostgreSQL 15 and Debian's python3-jsonschema and python3-httpx.  Then, as root:
  systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload
  systemctl enable --now mcpbox.target
Who may use it stands in /etc/mcpbox/mcpbox.conf (allow-user), which the first start makes.
TEXT
