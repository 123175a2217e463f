#!/bin/sh
# Runs tests/servers against real servers on this machine: llama-server (two of them: one under a name that tells the model's family,
# one under a name that does not), and LiteLLM with a key as a team's gateway in front of it. What cannot be had is SKIPPED, with the
# reason; the doubles are tested all the same.
#
#   scripts/test-servers.sh [COMMAND ...]     default: cargo test --test servers
#
# COMMAND finds the servers in TANDEM_TEST_LLAMA_SERVER, TANDEM_TEST_LLAMA_SERVER_UNNAMED, TANDEM_TEST_GATEWAY and
# TANDEM_TEST_GATEWAY_KEY.
#
#   TANDEM_GATEWAY        the gateway's own directory of Python packages (default: tandem-gateway in the user's cache directory, made
#                         on the first run, about 700 MB); `none` goes without it
#   TANDEM_TEST_MODEL     default: models/starter.gguf
set -eu
cd "$(dirname "$0")/.."

model=${TANDEM_TEST_MODEL:-models/starter.gguf}
gateway=${TANDEM_GATEWAY:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem-gateway}
work=$(mktemp -d)
started=
finish() {
    for process in $started; do kill "$process" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

skipped() { printf 'SKIPPED: %s\n' "$*"; }

# A port that nobody has now.
port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null ||
        awk 'BEGIN { srand(); print 20000 + int(rand() * 20000) }'
}

# Waits for `curl` to like what an address answers, as long as the process lives.
answers() {
    for _ in $(seq 240); do
        if curl -fsS -o /dev/null --max-time 5 -H "authorization: Bearer ${3:-}" "$1" 2>/dev/null; then return 0; fi
        kill -0 "$2" 2>/dev/null || return 1
        sleep 0.5
    done
    return 1
}

program=
if ! command -v curl >/dev/null 2>&1; then
    skipped "real servers: no curl to see whether they are up"
elif ! program=$(scripts/get-llama-server.sh); then
    skipped "real servers: llama-server cannot be had here (above is why)"
    program=
fi

serve() {
    number=$(port)
    "$program" -m "$model" --alias "$1" --host 127.0.0.1 --port "$number" -c 4096 -np 2 -t 1 -tb 1 --no-webui >"$work/$1.log" 2>&1 &
    started="$started $!"
    if answers "http://127.0.0.1:$number/health" $!; then
        address="http://127.0.0.1:$number"
    else
        tail -n 5 "$work/$1.log"
        skipped "llama-server as $1: it did not come up"
        address=
    fi
}

if [ -n "$program" ]; then
    serve starter-fim
    TANDEM_TEST_LLAMA_SERVER=$address
    # The path of the file tells the family, too, so the second one has another.
    cp "$model" "$work/model.gguf"
    model=$work/model.gguf
    serve model
    TANDEM_TEST_LLAMA_SERVER_UNNAMED=$address
    export TANDEM_TEST_LLAMA_SERVER TANDEM_TEST_LLAMA_SERVER_UNNAMED
fi

gateway_program() {
    if [ "$gateway" = none ]; then
        skipped "the gateway: TANDEM_GATEWAY is none"
        return 1
    fi
    if ! [ -x "$gateway/bin/litellm" ]; then
        if ! python3 -m venv "$gateway" >"$work/venv.log" 2>&1; then
            skipped "the gateway: python3 makes no virtual environment here (python3-venv)"
            return 1
        fi
        echo "installing LiteLLM into $gateway"
        if ! "$gateway/bin/pip" install -q 'litellm[proxy]' >"$work/pip.log" 2>&1; then
            tail -n 2 "$work/pip.log"
            skipped "the gateway: LiteLLM cannot be installed from PyPI"
            return 1
        fi
    fi
}

if [ -n "${TANDEM_TEST_LLAMA_SERVER:-}" ] && gateway_program; then
    number=$(port)
    key=sk-of-the-teams-gateway
    cat >"$work/gateway.yaml" <<END
model_list:
  - model_name: starter-fim
    litellm_params:
      model: text-completion-openai/starter-fim
      api_base: $TANDEM_TEST_LLAMA_SERVER/v1
      api_key: none
general_settings:
  master_key: $key
END
    LITELLM_TELEMETRY=False LITELLM_LOCAL_MODEL_COST_MAP=True "$gateway/bin/litellm" --config "$work/gateway.yaml" \
        --host 127.0.0.1 --port "$number" >"$work/gateway.log" 2>&1 &
    started="$started $!"
    if answers "http://127.0.0.1:$number/v1/models" $! "$key"; then
        export TANDEM_TEST_GATEWAY="http://127.0.0.1:$number" TANDEM_TEST_GATEWAY_KEY="$key"
    else
        tail -n 5 "$work/gateway.log"
        skipped "the gateway: LiteLLM did not come up"
    fi
fi

[ $# -gt 0 ] || set -- cargo test --test servers
"$@"
