#!/usr/bin/env bash
# Makes the database cluster of an installation, as the account that it will run under (mcpbox-db.service).
# A cluster that is there is left alone; one that is half made is made anew.
# usage: setup-database.sh FOLDER    FOLDER is the cluster's, and need not be there yet
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
umask 077

[[ $# -eq 1 && $1 == /* ]] || die "usage: setup-database.sh FOLDER (an absolute path)"
((EUID != 0)) || die "the database is not made by root: use the account that it runs under"
[[ -e $1/PG_VERSION ]] && exit 0
[[ -x $POSTGRES_BIN/initdb ]] || die "there is no $POSTGRES_BIN/initdb: install postgresql-15"

fresh=$1.new
rm -rf "$fresh"
"$POSTGRES_BIN/initdb" -D "$fresh" "${INITDB_WORDS[@]}"
"$POSTGRES_BIN/postgres" --single -D "$fresh" -c exit_on_error=on postgres <<<"$DATABASE_ROLES"
# Complete before it has its name.
sync -f "$fresh"
mv "$fresh" "$1"
