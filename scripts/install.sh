#!/bin/sh
# Make .venv and install into it what requirements.lock pins, with tacore itself from this folder.
#
# uv does it where it is installed, or comes with pip; where it can't, pip does. PYTHON names the Python to use.
set -eu
cd "$(dirname "$0")/.."

VENV=.venv
export PIP_DISABLE_PIP_VERSION_CHECK=1
NEEDS='import sys, sqlite3, ssl, venv; sys.exit(sys.version_info < (3, 11))'

say() {
    printf '%s\n' "$*" >&2
}

suits() {
    "$1" -c "$NEEDS" >/dev/null 2>&1
}

find_python() {
    for name in ${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
        if suits "$name"; then
            "$name" -c 'import sys; print(sys.executable)'
            return
        fi
    done
}

find_uv() {
    command -v uv || command -v "${HOME:-}/.local/bin/uv" || true
}

give_up() {
    if [ -n "${PYTHON:-}" ]; then
        say "install: $PYTHON is not a Python 3.11 or later with its sqlite3, ssl and venv modules"
    else
        say "install: no Python 3.11 or later was found as python3.13, python3.12, python3.11 or python3."
        say "  Debian, Ubuntu: apt install python3 python3-venv     macOS: brew install python"
        say "  or name one: make install PYTHON=/path/to/python3.12"
    fi
    exit 1
}

# A virtual environment whose Python was removed or is too old is made anew.
make_venv() {
    if suits $VENV/bin/python; then
        return
    fi
    rm -rf $VENV
    python=$(find_python)
    if [ -n "$python" ]; then
        with_python
    elif [ -n "$uv" ] && [ -z "${PYTHON:-}" ]; then
        say "install: no Python 3.11 or later here; uv brings one"
        with_certificates "$uv" venv -q --python 3.13 $VENV || give_up
    else
        give_up
    fi
}

with_python() {
    say "install: making $VENV with $python"
    if [ -n "$uv" ] && "$uv" venv -q --python "$python" $VENV; then
        return
    fi
    if ! "$python" -m venv $VENV; then
        rm -rf $VENV
        say "install: $python cannot make virtual environments (Debian, Ubuntu: apt install python3-venv)"
        exit 1
    fi
}

# The machine's certificates, for there may be a proxy; then uv's own, for there may be none on the machine.
with_certificates() {
    UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1 "$@" || "$@"
}

lines_of_uv() {
    awk '/^uv==/ { found = 1 } found { print; if (!/\\$/) exit }' requirements.lock
}

bring_uv() {
    lines_of_uv >$VENV/uv.txt
    if $VENV/bin/python -m pip install -q --require-hashes --no-deps -r $VENV/uv.txt; then
        uv=$VENV/bin/uv
    else
        say "install: uv could not be installed; pip goes on alone"
    fi
}

with_uv() {
    with_certificates "$uv" pip sync -q --python $VENV/bin/python --require-hashes requirements.lock &&
        "$uv" pip install -q --python $VENV/bin/python --offline --no-deps --no-build-isolation -e .
}

with_pip() {
    $VENV/bin/python -m pip --version >/dev/null 2>&1 || $VENV/bin/python -m ensurepip -q
    $VENV/bin/python -m pip install -q --require-hashes --no-deps -r requirements.lock
    $VENV/bin/python -m pip install -q --no-deps --no-build-isolation -e .
}

uv=$(find_uv)
make_venv
[ -n "$uv" ] || bring_uv
say "install: installing what requirements.lock pins"
if [ -z "$uv" ]; then
    with_pip
elif ! with_uv; then
    say "install: uv did not succeed; trying with pip"
    with_pip
fi
say "install: done: $($VENV/bin/python -m tacore version) with Python $($VENV/bin/python -c 'import platform; print(platform.python_version())')"
