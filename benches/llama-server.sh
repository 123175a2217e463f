#!/usr/bin/env bash
# Runs the engine's bench against a real llama-server with the same model, one thread each.
#
#   benches/llama-server.sh [DIRECTORY]
#
# DIRECTORY (default /tmp/tandem-peer) holds a Debian with the package llama.cpp-tools; it is made on the first run
# (mmdebstrap as root, about 400 MB from the mirror that apt is set up with, nothing is compiled). A llama-server on
# PATH is preferred.
set -euo pipefail
cd "$(dirname "$0")/.."
directory=${1:-/tmp/tandem-peer}
port=28741
model=models/starter.gguf

if command -v llama-server >/dev/null; then
    run=(llama-server -m "$model")
else
    if [ ! -x "$directory/forky/usr/bin/llama-server" ]; then
        mkdir -p "$directory"
        mirror=${TANDEM_DEBIAN_MIRROR:-$(apt-get -o Debug::NoLocking=1 --print-uris update 2>/dev/null |
            sed -n "s|^'\(.*/debian\)/dists/.*|\1|p" | head -n 1)}
        [ -n "$mirror" ] || { echo "apt's sources name no Debian mirror; set TANDEM_DEBIAN_MIRROR" >&2; exit 3; }
        mmdebstrap --variant=minbase --mode=root --include=llama.cpp-tools \
            --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' \
            --dpkgopt='force-unsafe-io' forky "$directory/forky" "$mirror"
    fi
    cp "$model" "$directory/forky/starter.gguf"
    run=(chroot "$directory/forky" llama-server -m /starter.gguf)
fi

# One slot, its context and thread count as ours; the cache of whole prompts (--cache-ram) is off on both sides.
"${run[@]}" --host 127.0.0.1 --port "$port" -c 2048 -t 1 -tb 1 -np 1 --cache-ram 0 --no-webui >/tmp/tandem-llama-server.log 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
    sleep 0.2
done
sleep 1
LLAMA_SERVER=127.0.0.1:$port cargo bench --bench engine -- peer
