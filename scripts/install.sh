#!/usr/bin/env bash
# make install: the programs, the units and the accounts' names into their places.  Starts nothing and makes no account.
# usage: install.sh [--built]   (--built: what is in BUILD is taken as it is)
# environment: DESTDIR (default none) goes before every path, for packages; PREFIX (default /usr) is where it will run;
# APPARMOR_ABI (default /etc/apparmor.d/abi) is the folder that says what the machine's AppArmor knows
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

PREFIX=${PREFIX:-/usr}
[[ $PREFIX =~ ^/[A-Za-z0-9_./-]*$ ]] || die "PREFIX must be an absolute path of letters, digits and _ . / -"
PREFIX=${PREFIX%/}
umask 022
if [[ ${1:-} != --built ]]; then
  "$ROOT/scripts/install-deps.sh" run
  build_product
fi
to=${DESTDIR:-}$PREFIX
programs=(mcpbox-launcher mcpbox-monitor mcpbox-gateway mcpbox-executor mcpbox-password mcpbox-migrate mcpbox-admin
  mcpbox-egress mcpbox-dialer mcpbox-backup)
units=(mcpbox.target mcpboxd.socket mcpbox-admin.socket mcpboxd.service mcpbox-db.service mcpbox-tunnel.service
  mcpbox-backup.service mcpbox-backup.timer)

put() { # put MODE FILE... FOLDER
  local mode=$1 folder=${!#}
  shift
  install -d "$to/$folder"
  install -m "$mode" "${@:1:$#-1}" "$to/$folder/"
}
# put_text FILE FOLDER [NAME]: with the paths of this PREFIX in it.
put_text() {
  local to_file=$to/$2/${3:-$(basename "$1")}
  install -d "$to/$2"
  sed "s#/usr/\(libexec\|share\)/mcpbox#$PREFIX/\1/mcpbox#g" "$1" >"$to_file"
  chmod 0644 "$to_file"
}

for program in "${programs[@]}"; do put 0755 "$BUILD/bin/$program" libexec/mcpbox; done
put 0755 "$BUILD/bin/mcpboxctl" "$BUILD/bin/mcpbox-audit-verify" bin
put 0755 "$ROOT/scripts/setup-instance.sh" "$ROOT/scripts/setup-database.sh" "$ROOT/scripts/keep-data.sh" share/mcpbox/setup
put 0644 "$ROOT/scripts/common.sh" share/mcpbox/setup
put_text "$ROOT/systemd/mcpbox.conf" share/mcpbox/setup
for unit in "${units[@]}"; do put_text "$ROOT/systemd/$unit" lib/systemd/system; done
for file in postgresql.conf pg_hba.conf pg_ident.conf; do put_text "$ROOT/systemd/database/$file" share/mcpbox/database; done
put_text "$ROOT/systemd/mcpbox.sysusers.conf" lib/sysusers.d mcpbox.conf
put_text "$ROOT/systemd/mcpbox.tmpfiles.conf" lib/tmpfiles.d mcpbox.conf
# AppArmor's profiles, with the additions for abi 4.0 where the parser that will read them knows it.
put_profiles() { # put_profiles FOLDER: below the source's, with the paths of this PREFIX in them
  local file
  while IFS= read -r file; do
    install -D -m 0644 "$1/$file" "$etc/apparmor.d/$file"
    sed -i "s#/usr/\(libexec\|share\)/mcpbox#$PREFIX/\1/mcpbox#g; s#/usr/bin/mcpbox#$PREFIX/bin/mcpbox#g" \
      "$etc/apparmor.d/$file"
  done < <(cd "$1" && find . -type f -not -path './abi-*' -printf '%P\n')
}
etc=${DESTDIR:-}/etc
put_profiles "$ROOT/apparmor"
[[ ! -e ${APPARMOR_ABI:-/etc/apparmor.d/abi}/4.0 ]] || put_profiles "$ROOT/apparmor/abi-4.0"
for man in "$ROOT"/docs/man/*.[1-9]; do put 0644 "$man" "share/man/man${man##*.}"; done
put_text "$ROOT/scripts/mcpboxctl.bash-completion" share/bash-completion/completions mcpboxctl
# The web page, where it was built (scripts/build-ui.sh): the admin process looks for it there.
if [[ -d $ROOT/admin/ui/dist ]]; then
  install -d "$to/share/mcpbox/ui"
  cp -R --no-preserve=mode,ownership "$ROOT/admin/ui/dist/." "$to/share/mcpbox/ui/"
  chmod -R u=rwX,go=rX "$to/share/mcpbox/ui"
fi
# The Worker for remote clients, where it was built (scripts/build-worker.sh), and what deploys it.
if [[ -s $ROOT/worker/dist/worker.mjs ]]; then
  put 0644 "$ROOT/worker/dist/worker.mjs" share/mcpbox/worker/dist
  put 0755 "$ROOT/worker/deploy.sh" share/mcpbox/worker
fi

[[ -n ${DESTDIR:-} ]] || cat <<TEXT
MCPbox is installed under $PREFIX.  It needs PostgreSQL 15 and Debian's python3-jsonschema and python3-httpx.  Then, as root:
  systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload
  apparmor_parser -r /etc/apparmor.d/mcpbox     (where the machine has AppArmor)
  systemctl enable --now mcpbox.target
Who may use it stands in /etc/mcpbox/mcpbox.conf (allow-user), which the first start makes.
TEXT
