#!/usr/bin/env bash
# Runs every test: sets up what they need, then `cargo test` with the same arguments.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v cargo >/dev/null || {
    printf 'error: cargo is missing\nhint: see https://rustup.rs\n' >&2
    exit 2
}
settings=$(bash "$here/setup.sh")
while IFS= read -r setting; do export "${setting?}"; done <<<"$settings"
cd "$here/../.."
cargo test --release --locked "$@"
if [ -z "$AZMFA_CHROMEDRIVER" ]; then
    printf '== SKIPPED: no browser has looked at the pages of `--format html` (no chromedriver, see above)\n' >&2
fi
