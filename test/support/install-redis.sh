#!/usr/bin/env bash
# Installs redis-server on Debian, for the tests of tsls/redis, and leaves the one alone that the package starts.
set -euo pipefail
command -v redis-server >/dev/null 2>&1 && exit 0
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends redis-server >/dev/null
redis-server --version
