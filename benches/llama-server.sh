#!/usr/bin/env bash
# Runs the engine's bench against a real llama-server with the same model, one thread each.
#
#   benches/llama-server.sh
#
# The server is that of scripts/get-llama-server.sh: one on the search path, else Debian's.
set -euo pipefail
cd "$(dirname "$0")/.."
port=28741
program=$(scripts/get-llama-server.sh)

# One slot, its context and thread count as ours; the cache of whole prompts (--cache-ram) is off on both sides.
"$program" -m models/starter.gguf --host 127.0.0.1 --port "$port" -c 2048 -t 1 -tb 1 -np 1 --cache-ram 0 --no-webui >/tmp/tandem-llama-server.log 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
    sleep 0.2
done
sleep 1
LLAMA_SERVER=127.0.0.1:$port cargo bench --bench engine -- peer
