#!/usr/bin/env bash
# Deploys the Worker by hand, for people who would rather not give the wizard an API token: tunnel, VPC service and
# the Access for SaaS application exist already (docs/remote-access.md).  Plain HTTPS with curl; nothing is installed.
# usage: deploy.sh [--set-secrets]
#   without      the code alone: every binding and secret of the Worker stays as it is
#   --set-secrets  root, where MCPbox runs: makes a new signing key and service token, tells MCPbox their public sides,
#                  and uploads them with the code.  Neither is written to a file or shown.
# environment:
#   CLOUDFLARE_API_TOKEN   asked for when missing; may edit Workers scripts and KV, and connectivity services
#   CLOUDFLARE_ACCOUNT_ID  32 hexadecimal digits
#   WORKER_NAME            default mcpbox-proxy
# and for --set-secrets
#   VPC_SERVICE_ID         the Workers VPC service that leads to 127.0.0.2:8002
#   ACCESS_ISSUER, ACCESS_CLIENT_ID, ACCESS_CLIENT_SECRET   of the Access application; the secret is asked for
#   PUBLIC_URL             default https://WORKER_NAME.SUBDOMAIN.workers.dev
#   ASSERTION_KEY_ID       default k and the day, such as k20261130
# For tests and unusual places: CLOUDFLARE_API_BASE_URL, WORKER_BUNDLE, MCPBOXCTL, MCPBOX_SOCKET.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
API=${CLOUDFLARE_API_BASE_URL:-https://api.cloudflare.com/client/v4}
WORKER_NAME=${WORKER_NAME:-mcpbox-proxy}
bundle=${WORKER_BUNDLE:-$here/dist/worker.mjs}

die() {
  printf 'deploy.sh: %s\n' "$*" >&2
  exit 1
}
need() { # need NAME PATTERN WHAT
  [[ ${!1:-} =~ ^$2$ ]] || die "$1 must be $3"
}
ask() { # ask NAME WHAT: from the environment, else typed and not shown
  [[ -n ${!1:-} ]] && return
  [[ -t 0 ]] || die "$1 is missing: $2"
  read -r -s -p "$2: " "${1?}"
  echo
}

for program in curl python3 openssl; do
  command -v "$program" >/dev/null || die "$program is missing: install it (Debian: apt install $program) and run this again"
done

# One request; its result on standard output.  The token goes through a pipe: every user of the machine sees arguments.
cloudflare() { # cloudflare METHOD PATH [curl options]
  local method=$1 path=$2
  shift 2
  curl --config <(printf 'header = "Authorization: Bearer %s"\n' "$CLOUDFLARE_API_TOKEN") --silent --show-error \
    --max-time 60 --request "$method" "$@" "$API/accounts/$CLOUDFLARE_ACCOUNT_ID/$path" | python3 -c '
import json, sys
text = sys.stdin.read()
try:
    answer = json.loads(text)
except ValueError:
    sys.exit("no answer in JSON: " + ascii(text[:200]))
if not isinstance(answer, dict) or not answer.get("success"):
    errors = answer.get("errors") or [] if isinstance(answer, dict) else []
    sys.exit("; ".join(ascii(error.get("message")) for error in errors) or "refused without a reason")
json.dump(answer.get("result"), sys.stdout)' || die "Cloudflare did not do this: $method $path"
}
json() { # json EXPRESSION: of the JSON r on standard input
  python3 -c "import json, sys; r = json.load(sys.stdin); print($1)"
}

[[ $# -eq 0 || ($# -eq 1 && $1 == --set-secrets) ]] || die "usage: deploy.sh [--set-secrets]"
[[ -s $bundle ]] || die "$bundle is missing: scripts/build-worker.sh makes it"
need CLOUDFLARE_ACCOUNT_ID '[0-9a-f]{32}' "the account's id, 32 hexadecimal digits"
need WORKER_NAME '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?' "a Worker's name"
ask CLOUDFLARE_API_TOKEN "API token"
need CLOUDFLARE_API_TOKEN '[A-Za-z0-9_.-]+' "an API token"

# The form of the upload, as `wrangler deploy` sends it; every binding that is not named in it stays.
upload() { # upload BINDINGS, from the environment: a pipe keeps secrets off the command line
  BINDINGS=$1 python3 -c '
import json, os
print(json.dumps({
    "main_module": "worker.mjs",
    "compatibility_date": "2026-04-01",
    "compatibility_flags": ["global_fetch_strictly_public", "enable_request_signal"],
    "bindings": json.loads(os.environ["BINDINGS"]),
    "keep_bindings": ["plain_text", "kv_namespace", "vpc_service", "ratelimit", "secret_text", "secret_key"],
    "observability": {"enabled": False},
}))' | cloudflare PUT "workers/scripts/$WORKER_NAME" --form "metadata=<-;type=application/json" \
    --form "worker.mjs=@$bundle;filename=worker.mjs;type=application/javascript+module" >/dev/null
}

if [[ ${1:-} != --set-secrets ]]; then
  upload '[]'
  echo "$WORKER_NAME runs the code of $bundle; its bindings are as they were."
  exit 0
fi

mcpboxctl=${MCPBOXCTL:-mcpboxctl}
ASSERTION_KEY_ID=${ASSERTION_KEY_ID:-k$(date +%Y%m%d)}
need VPC_SERVICE_ID '[0-9a-f-]{32,36}' "the id of the Workers VPC service"
need ACCESS_ISSUER 'https://[^[:space:]"]+' "the issuer of the Access application"
need ACCESS_CLIENT_ID '[^[:space:]"]+' "the client id of the Access application"
need ASSERTION_KEY_ID '[A-Za-z0-9_-]{1,32}' "a short name"
ask ACCESS_CLIENT_SECRET "Client secret of the Access application"

subdomain=$(cloudflare GET workers/subdomain | json 'r["subdomain"]')
PUBLIC_URL=${PUBLIC_URL:-https://$WORKER_NAME.$subdomain.workers.dev}
kv_title=$WORKER_NAME-OAUTH_KV
kv=$(cloudflare GET "storage/kv/namespaces?per_page=1000" | json "next((n['id'] for n in r if n['title'] == '$kv_title'), '')")
[[ -n $kv ]] || kv=$(cloudflare POST storage/kv/namespaces --json "{\"title\": \"$kv_title\"}" | json 'r["id"]')

# Private halves live in variables of this process alone.
key=$(openssl genpkey -algorithm ed25519)
public=$(openssl pkey -pubout -outform DER <<<"$key" | tail -c 32 | od -An -v -tx1 | tr -d ' \n')
token=$(openssl rand -hex 32)
state=$("$mcpboxctl" ${MCPBOX_SOCKET:+--socket "$MCPBOX_SOCKET"} remote worker "$PUBLIC_URL" \
  "$ASSERTION_KEY_ID=$public" --json <<<"$token") || die "MCPbox does not take the key: is it running, and are you root?"
installation=$(json 'r["installation"]' <<<"$state")

bindings=$(
  export PUBLIC_URL ASSERTION_KEY_ID VPC_SERVICE_ID ACCESS_ISSUER ACCESS_CLIENT_ID ACCESS_CLIENT_SECRET
  INSTALLATION=$installation KV=$kv TOKEN=$token python3 -c '
import base64, json, os, sys
e = os.environ
key = base64.b64encode(base64.b64decode("".join(sys.stdin.read().split("\n")[1:-2]))).decode()
plain = {"PUBLIC_URL": e["PUBLIC_URL"], "INSTALLATION_ID": e["INSTALLATION"], "ASSERTION_KEY_ID": e["ASSERTION_KEY_ID"],
         "ACCESS_ISSUER": e["ACCESS_ISSUER"], "ACCESS_CLIENT_ID": e["ACCESS_CLIENT_ID"]}
secret = {"MCPBOX_SERVICE_TOKEN": e["TOKEN"], "ACCESS_CLIENT_SECRET": e["ACCESS_CLIENT_SECRET"]}
limits = {"LIMIT_REGISTER": 10, "LIMIT_SIGN_IN": 60, "LIMIT_MCP": 300}
print(json.dumps(
    [{"type": "plain_text", "name": n, "text": t} for n, t in plain.items()]
    + [{"type": "secret_text", "name": n, "text": t} for n, t in secret.items()]
    + [{"type": "secret_key", "name": "ASSERTION_KEY", "algorithm": {"name": "Ed25519"}, "format": "pkcs8",
        "usages": ["sign"], "key_base64": key},
       {"type": "kv_namespace", "name": "OAUTH_KV", "namespace_id": e["KV"]},
       {"type": "vpc_service", "name": "MCPBOX_TUNNEL", "service_id": e["VPC_SERVICE_ID"]}]
    + [{"type": "ratelimit", "name": n, "namespace_id": str(8100 + i), "simple": {"limit": v, "period": 60}}
       for i, (n, v) in enumerate(limits.items())]))' <<<"$key"
)
upload "$bindings"
unset key token bindings
cloudflare POST "workers/scripts/$WORKER_NAME/subdomain" --json '{"enabled": true}' >/dev/null
cat <<TEXT
$WORKER_NAME is deployed at $PUBLIC_URL and MCPbox believes its signatures (key $ASSERTION_KEY_ID).
The redirect URI of the Access application is $PUBLIC_URL/callback.  Who may come: mcpboxctl remote allow ...
TEXT
