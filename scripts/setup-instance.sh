#!/usr/bin/env bash
# Makes what an instance needs and does not have yet: its folder, master key, configuration and database cluster.
# What is there is left alone, so it can be run before every start.
# usage: setup-instance.sh STATE [PORT [ADMIN_PORT]]
# environment: CONFIG (default STATE/mcpbox.conf) for an installation, whose configuration is elsewhere and whose log
# is the journal, and whose database is mcpbox-db.service; DATABASE_URL for a new instance on a database of your own;
# ALLOW_USER for whose programs a new instance serves (default: whoever called sudo, else whoever runs this)
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
umask 022

[[ $# -ge 1 ]] || die "usage: setup-instance.sh STATE [PORT [ADMIN_PORT]]"
port=${2:-}
admin_port=${3:-}
[[ -z $admin_port || $admin_port =~ ^[1-9][0-9]{0,4}$ ]] || die "ADMIN_PORT must be a number"
[[ -z $port || $port =~ ^[1-9][0-9]{0,4}$ ]] || die "PORT must be a number"
mkdir -p "$1"
state=$(cd "$1" && pwd)
config=${CONFIG:-$state/mcpbox.conf}
TEMPLATE=$(dirname "$0")/mcpbox.conf

make_key() {
  [[ -e $state/master.key ]] && return
  # Complete and private before it has its name: a key that is half there would lock the data away for good.
  (umask 077 && head -c 32 /dev/urandom >"$state/master.key.new" && sync "$state/master.key.new")
  mv "$state/master.key.new" "$state/master.key"
}

isolation_lines() {
  if ((EUID == 0)); then
    say "isolation = full"
  else
    say "# Started by an ordinary user: these layers are given up, and status, log and UI say so."
    say "isolation = trial"
    say "missing-layers = $("${LAUNCHER:-$BUILD/bin/mcpbox-launcher}" --probe)"
  fi
}

# An installation's database is a unit of its own (mcpbox-db.service), which the launcher only connects to.
database_lines() {
  if [[ -n ${DATABASE_URL:-} ]]; then
    say "database = $DATABASE_URL"
  elif [[ -n ${CONFIG:-} ]]; then
    say "database = postgresql://mcpbox_monitor@/mcpbox?host=/run/mcpbox-db"
    say "database-owner = postgresql://mcpbox_owner@/mcpbox?host=/run/mcpbox-db"
  else
    say "database = embedded"
  fi
}

make_config() {
  [[ -e $config ]] && return
  (
    umask 077 # a database URL in it may carry a password
    {
      if [[ -n ${CONFIG:-} ]]; then
        [[ ! -e $TEMPLATE ]] || cat "$TEMPLATE"
        say ""
        say "# --- What was chosen when this was installed"
        say ""
        say "state = $state"
        say "log = stderr"
      else
        say "# MCPbox instance.  Keys and their values: systemd/mcpbox.conf"
      fi
      say "listen = 127.0.0.1:${port:-8000}"
      [[ ! -e /proc/net/if_inet6 ]] || say "listen = [::1]:${port:-8000}"
      say "# The admin API and the web UI, for browsers on this machine."
      say "admin-listen = 127.0.0.1:${admin_port:-3000}"
      [[ ! -e $ROOT/admin/ui ]] || say "ui = $ROOT/admin/ui/dist"
      isolation_lines
      say "# Whose programs may use the MCP endpoint.  Everybody else on this machine is refused."
      say "allow-user = ${ALLOW_USER:-${SUDO_USER:-$(id -un 2>/dev/null || id -u)}}"
      database_lines
    } >"$config.new"
  )
  mv "$config.new" "$config"
}

# PORT on the command line moves an instance that exists.
move_port() {
  [[ -n $port ]] || return 0
  sed -i -E "s/^([[:space:]]*listen[[:space:]]*=.*:)[0-9]+[[:space:]]*$/\1$port/" "$config"
}
move_admin_port() {
  [[ -n $admin_port ]] || return 0
  sed -i -E "s/^([[:space:]]*admin-listen[[:space:]]*=.*:)[0-9]+[[:space:]]*$/\1$admin_port/" "$config"
}

# As the account that the database runs under, with `$1` reachable as /mnt whatever the folders above it allow.
as_database() {
  local folder=$1
  shift
  if ((EUID == 0)); then
    # shellcheck disable=SC2016  # expanded by the inner shell
    unshare --mount --propagation slave sh -ec 'mount --bind "$1" /mnt; shift; cd /
      exec setpriv --reuid=postgres --regid=postgres --clear-groups --no-new-privs "$@"' sh "$folder" "$@"
  else
    (cd / && "$@")
  fi
}

make_cluster() {
  grep -Eq '^[[:space:]]*database[[:space:]]*=[[:space:]]*post' "$config" && return
  [[ -e $state/db/data/PG_VERSION ]] && return
  [[ -x $POSTGRES_BIN/initdb ]] || die "there is no $POSTGRES_BIN/initdb: run  scripts/install-deps.sh run"
  say "making the database in $state/db"
  local fresh=$state/db/data.new seen=$state/db/data.new
  rm -rf "$fresh"
  mkdir -p "$fresh" "$state/db/socket"
  chmod 700 "$state/db" "$fresh"
  if ((EUID == 0)); then
    chown postgres:postgres "$fresh" "$state/db/socket"
    seen=/mnt
  fi
  as_database "$fresh" "$POSTGRES_BIN/initdb" -D "$seen" "${INITDB_WORDS[@]}" >"$state/log/initdb.log" 2>&1 ||
    { cat "$state/log/initdb.log" >&2 && die "initdb failed"; }
  as_database "$fresh" "$POSTGRES_BIN/postgres" --single -D "$seen" -c exit_on_error=on postgres \
    >>"$state/log/initdb.log" 2>&1 <<<"$DATABASE_ROLES" ||
    { cat "$state/log/initdb.log" >&2 && die "the database has no roles"; }
  mv "$fresh" "$state/db/data"
}

mkdir -p "$state/log"
chmod 750 "$state/log"
make_key
make_config
move_port
move_admin_port
make_cluster
