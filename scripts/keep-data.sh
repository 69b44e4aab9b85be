#!/usr/bin/env bash
# Keeps the database and the head of the audit log as they are, and puts them back: for an upgrade that fails.  The
# monitor must not run meanwhile, the database must.  Key and configuration are not in it: an upgrade leaves them alone.
# usage: keep-data.sh save FOLDER | put-back FOLDER     FOLDER is made anew by `save`, for root alone
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
umask 077

state=/var/lib/mcpbox
[[ $# -eq 2 && $2 == /* ]] || die "usage: keep-data.sh save|put-back FOLDER (an absolute path)"
((EUID == 0)) || die "keep-data.sh needs root"
folder=$2

# As the account that the database knows as the owner of the tables.
as_owner() {
  setpriv --reuid=mcpbox-migrate --regid=mcpbox-migrate --clear-groups --no-new-privs -- \
    "$POSTGRES_BIN/$1" --host=/run/mcpbox-db --username=mcpbox_owner "${@:2}"
}

case $1 in
  save)
    rm -rf "$folder.new"
    mkdir -p "$folder.new"
    as_owner pg_dump --format=custom --dbname=mcpbox >"$folder.new/database.dump"
    [[ ! -e $state/audit.head ]] || cp -p "$state/audit.head" "$folder.new/"
    sync -f "$folder.new"
    rm -rf "$folder"
    mv "$folder.new" "$folder"
    ;;
  put-back)
    [[ -s $folder/database.dump ]] || die "there is no $folder/database.dump"
    # What came after it goes too: the tables of a later version are not in the dump.
    as_owner psql --dbname=mcpbox --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --command='DROP OWNED BY CURRENT_USER' >&2
    as_owner pg_restore --single-transaction --exit-on-error --no-owner --dbname=mcpbox <"$folder/database.dump"
    [[ ! -e $folder/audit.head ]] || cat "$folder/audit.head" >"$state/audit.head"
    ;;
  *) die "usage: keep-data.sh save|put-back FOLDER" ;;
esac
