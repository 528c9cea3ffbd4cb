#!/usr/bin/env bash
# Puts what the tests need from PyPI (see requirements*.txt) into a virtual environment outside the
# checkout, once: later runs only compare a stamp. Where Debian's packages can be installed, Chromium
# is. Prints three settings for the tests on stdout,
#   AZMFA_PYTHON=<python of that environment>
#   AZMFA_AZ=<the Azure CLI in it>
#   AZMFA_CHROMEDRIVER=<the driver of Chromium; nothing where there is none>
# and everything else on stderr.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
environment="${XDG_CACHE_HOME:-${HOME:?neither XDG_CACHE_HOME nor HOME is set}/.cache}/azmfa/venv-tests"
stamp="$environment/azmfa-requirements"
# The oldest Python that the pinned Azure CLI supports.
oldest='3.10'

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "error: $1"
    say "hint: $2"
    exit 2
}

command -v python3 >/dev/null || fail 'python3 is missing' 'on Debian: apt-get install python3 python3-venv'
python3 -c "import sys; sys.exit(sys.version_info < tuple(map(int, '$oldest'.split('.'))))" ||
    fail "$(python3 --version) is too old for the pinned Azure CLI" "put Python $oldest or newer first on the path"
python3 -c 'import ensurepip, venv' 2>/dev/null ||
    fail 'this python3 cannot make virtual environments' 'on Debian: apt-get install python3-venv'

# The stamp names the requirements and the interpreter, so a change of either installs again.
wanted=$(grep -hv '^#' "$here"/requirements*.txt | python3 -c '
import hashlib, sys
known = sys.stdin.buffer.read() + sys.version.encode() + sys.base_prefix.encode()
print(hashlib.sha256(known).hexdigest())')

install() {
    say "installing the test requirements into $environment (once; one to three minutes, 0.8 GB)"
    rm -f "$stamp"
    python3 -m venv --clear "$environment"
    local arguments=() file
    for file in "$here"/requirements*.txt; do arguments+=(-r "$file"); done
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "${arguments[@]}" >&2 ||
        fail 'pip could not install the test requirements' 'the messages above say why; it needs PyPI or a mirror'
    printf '%s\n' "$wanted" >"$stamp"
}

mkdir -p "$(dirname "$environment")"
# Two runs at once must not install over each other; where there is no flock, the risk is taken.
exec 9>"$environment.lock"
if command -v flock >/dev/null; then flock 9; fi
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then install; fi

# A browser is too large for a virtual environment: it comes from the system or not at all.
install_browser() {
    say 'installing Chromium, for the tests of pages (once; a minute or two)'
    { apt-get update -q && apt-get install -q -y --no-install-recommends chromium chromium-driver fonts-dejavu-core; } >&2
}
if ! command -v chromedriver >/dev/null; then
    hint='on Debian, as root: apt-get install chromium chromium-driver'
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        # Without it, what a page looks like is not checked: for a person a pity, for CI a fault.
        install_browser || [ -z "${CI:-}" ] || fail 'apt-get could not install Chromium' "$hint"
    else
        say "hint: $hint"
    fi
fi

printf 'AZMFA_PYTHON=%s\n' "$environment/bin/python"
printf 'AZMFA_AZ=%s\n' "$environment/bin/az"
printf 'AZMFA_CHROMEDRIVER=%s\n' "$(command -v chromedriver || true)"
