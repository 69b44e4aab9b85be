#!/usr/bin/env bash
# make run: from a fresh checkout to a running instance, in the foreground until Ctrl-C.
# environment: STATE (default ./run) is the folder that everything lives in; PORT and ADMIN_PORT (default 8000 and
# 3000, or what the instance's configuration says); DATABASE_URL for a new instance on a database of your own
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

state=${STATE:-$ROOT/run}
launcher_pid=

# The first port that the configuration listens on.
configured_port() {
  sed -n -E 's/^[[:space:]]*listen[[:space:]]*=.*:([0-9]+)[[:space:]]*$/\1/p' "$state/mcpbox.conf" | head -n 1
}

configured_admin_port() {
  local port
  port=$(sed -n -E 's/^[[:space:]]*admin-listen[[:space:]]*=.*:([0-9]+)[[:space:]]*$/\1/p' "$state/mcpbox.conf" | head -n 1)
  say "${port:-3000}"
}

# Does something that speaks HTTP answer there?  Any answer counts: even "not found" comes from the gateway.
answers() {
  local line=
  exec 9<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$1" >&9
  IFS= read -r -t 2 line <&9 || true
  exec 9>&-
  [[ $line == HTTP/1.1* ]]
} 2>/dev/null

log_file=$state/log/mcpbox.log
log_size() { stat -c %s "$log_file" 2>/dev/null || say 0; }

# Has our launcher got past its lock and its addresses?  Otherwise the one that answers may be another instance.
has_started() {
  grep -Eq '^[[:space:]]*log[[:space:]]*=' "$state/mcpbox.conf" && return # its log is elsewhere
  [[ -e $log_file ]] && tail -c "+$(($1 + 1))" "$log_file" | grep -q "launcher info starting .*pid=$launcher_pid\$"
}

wait_until_it_answers() {
  local port=$1 log_start=$2
  for ((tries = 0; tries < 1200; tries++)); do
    if ! kill -0 "$launcher_pid" 2>/dev/null; then
      # Its own lines since this start; before it has a log it speaks to the terminal.
      ! has_started "$log_start" || tail -c "+$((log_start + 1))" "$log_file" | tail -n 20 >&2
      die "the instance did not start; its log is $log_file"
    fi
    if has_started "$log_start" && answers "$port"; then return; fi
    sleep 0.1
  done
  say "the gateway does not answer on port $port yet; the log is $log_file" >&2
}

introduce() {
  local url=http://127.0.0.1:$1/mcp ctl="$BUILD/bin/mcpboxctl --state $state"
  local isolation
  # Only while there is no admin; on this terminal and nowhere else.
  local setup
  setup=$("$BUILD/bin/mcpboxctl" --state "$state" setup-code --json 2>/dev/null | sed -n -E 's/.*"code": *"([^"]+)".*/\1/p') || true
  isolation=$(sed -n -E 's/^[[:space:]]*(isolation|missing-layers)[[:space:]]*=[[:space:]]*/\1 = /p' "$state/mcpbox.conf")
  cat <<TEXT

MCPbox is running.  Ctrl-C stops it; its data stays in $state
  MCP URL      $url
  Admin        http://127.0.0.1:$(configured_admin_port)
${setup:+  setup code   $setup   (makes the first admin there, once, within 24 hours)
}  Claude Code  claude mcp add --transport http mcpbox $url
  waiting for your decision:    $ctl pending
  read the code and approve:    $ctl approve SERVER__TOOL
  what is on, and what is not:  $ctl status
  log          $log_file
  ${isolation//$'\n'/$'\n'  }
TEXT
  if ((EUID != 0)); then
    say ""
    say "This is a trial: every part runs as $(id -un), so any program of yours can do what an approver can."
    say "Run it as root for the full walls."
  fi
}

interrupted=0
stop() {
  interrupted=1
  [[ -z $launcher_pid ]] || kill -TERM "$launcher_pid" 2>/dev/null || true
}

"$ROOT/scripts/install-deps.sh" run
build_product
"$ROOT/scripts/build-ui.sh"
mkdir -p "$state"
state=$(cd "$state" && pwd)
"$ROOT/scripts/setup-instance.sh" "$state" "${PORT:-}" "${ADMIN_PORT:-}"
log_file=$state/log/mcpbox.log

log_start=$(log_size)
trap stop INT TERM HUP
"$BUILD/bin/mcpbox-launcher" "$state/mcpbox.conf" &
launcher_pid=$!
wait_until_it_answers "$(configured_port)" "$log_start"
if kill -0 "$launcher_pid" 2>/dev/null; then introduce "$(configured_port)"; fi

# A signal ends `wait` early: wait again, for the launcher's own status.
while true; do
  status=0
  wait "$launcher_pid" || status=$?
  ((interrupted)) || break
  interrupted=0
done
if ((status == 0)); then say "stopped"; else die "the instance ended with status $status; its log is $log_file"; fi
