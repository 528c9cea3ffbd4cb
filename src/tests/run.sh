#!/usr/bin/env bash
# Runs every test: sets up what they need from PyPI, then `cargo test` with the same arguments.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v cargo >/dev/null || {
    printf 'error: cargo is missing\nhint: see https://rustup.rs\n' >&2
    exit 2
}
settings=$(bash "$here/setup.sh")
while IFS= read -r setting; do export "${setting?}"; done <<<"$settings"
cd "$here/../.."
exec cargo test --release --locked "$@"
