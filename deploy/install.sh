#!/bin/sh
# Install tacore for good: in the image (the Dockerfile runs these steps), or on a machine with systemd.
#
#     sh deploy/install.sh STEP...
#
#     packages   an environment in PREFIX (/opt/tacore) with what requirements.lock pins, checked by its hashes
#     tacore     tacore itself, built from this folder
#     check      say which version there is now, and that nothing it needs is missing
#     account    the user tacore, who owns nothing but HOME_DIR (/var/lib/tacore)
#     units      the systemd units, and /etc/tacore for settings
#
# PYTHON names the Python to use, PREFIX and HOME_DIR other folders.
set -eu
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
PREFIX=${PREFIX:-/opt/tacore}
HOME_DIR=${HOME_DIR:-/var/lib/tacore}
ACCOUNT=tacore
NUMBER=10001
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_CACHE_DIR=1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

say() {
    printf 'install: %s\n' "$*" >&2
}

# Pinned versions with their hashes; --no-deps, for the lock has everything.
locked() {
    "$PYTHON" deploy/locked.py requirements.lock "$2" >"$scratch/$2.txt"
    "$1/bin/pip" install -q --no-deps --require-hashes -r "$scratch/$2.txt"
}

packages() {
    "$PYTHON" -c 'import sys, sqlite3, ssl, venv; sys.exit(sys.version_info < (3, 11))' || {
        say "$PYTHON is not a Python 3.11 or later with its sqlite3, ssl and venv modules: PYTHON=... names another"
        exit 1
    }
    say "making $PREFIX with $("$PYTHON" --version)"
    "$PYTHON" -m venv --clear "$PREFIX"
    locked "$PREFIX" tacore
}

tacore() {
    "$PYTHON" -m venv "$scratch/build"
    locked "$scratch/build" hatchling
    "$scratch/build/bin/pip" wheel -q --no-deps --no-build-isolation -w "$scratch" .
    "$PREFIX/bin/pip" install -q --no-deps --force-reinstall "$scratch"/tacore-*.whl
    install -m 755 deploy/backup.py "$PREFIX/bin/tacore-backup"
    sed -i "1s|.*|#!$PREFIX/bin/python|" "$PREFIX/bin/tacore-backup"
}

check() {
    "$PREFIX/bin/pip" check >&2
    say "$("$PREFIX/bin/tacore" version) with $("$PREFIX/bin/python" --version) in $PREFIX"
}

account() {
    if ! getent passwd $ACCOUNT >/dev/null; then
        groupadd --system -K SYS_GID_MAX=$NUMBER --gid $NUMBER $ACCOUNT
        useradd --system -K SYS_UID_MAX=$NUMBER --uid $NUMBER --gid $NUMBER --home-dir "$HOME_DIR" --no-create-home \
            --shell /usr/sbin/nologin $ACCOUNT
    fi
    for folder in "" /data /data/history /logs /run /config /secrets; do
        install -d -m 750 -o $ACCOUNT -g $ACCOUNT "$HOME_DIR$folder"
    done
}

units() {
    install -d -m 755 /etc/tacore
    [ -e /etc/tacore/tacore.env ] || install -m 600 deploy/tacore.env.example /etc/tacore/tacore.env
    install -m 644 deploy/systemd/*.service deploy/systemd/*.timer /etc/systemd/system/
    say "settings: /etc/tacore/tacore.env; next: systemctl daemon-reload && systemctl enable --now tacore"
}

[ $# -gt 0 ] || {
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
for step in "$@"; do
    case $step in
        packages | tacore | check | account | units) ;;
        *) say "no step '$step': packages, tacore, check, account, units" && exit 2 ;;
    esac
done
for step in "$@"; do
    "$step"
done
