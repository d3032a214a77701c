#!/bin/sh
# Run tacore's containers on this machine. `deploy.sh help` says how; docs/deploy.md has the whole story.
set -eu

HERE=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
BACKUPS=${BACKUPS:-$HERE/backups}

say() {
    printf 'deploy: %s\n' "$*" >&2
}

give_up() {
    say "$*"
    exit 1
}

usage() {
    cat <<'TEXT'
usage: deploy.sh COMMAND

  up               build the image where there is none, start everything, wait until it is healthy
  down             answer what is open, then stop and remove the containers; data stays
  status           the containers, and what the service says of itself
  logs [SERVICE]   follow the log: of broker, worker, monitor, redis, or all
  update           build the image anew from this folder, back up, replace the containers
  backup [FILE]    data, configuration and secrets as one archive, while it runs (default: backups/, dated)
  restore FILE     put a backup back; the service must be down
  help             this

Clients connect to 127.0.0.1:5555, the monitor is at http://127.0.0.1:8000. deploy/.env has ports, replicas and
limits, deploy/tacore.env settings and keys; both are made from the examples beside them at the first `up`.
TEXT
}

compose() {
    docker compose --project-directory "$HERE" -f "$HERE/docker-compose.yml" "$@"
}

need_docker() {
    command -v docker >/dev/null 2>&1 ||
        give_up "docker is not installed (or not in PATH): https://docs.docker.com/engine/install/"
    docker compose version >/dev/null 2>&1 ||
        give_up "docker is here, but its plugin 'docker compose' (version 2) is not: install docker-compose-plugin"
    docker info >/dev/null 2>&1 ||
        give_up "the docker daemon does not answer: is it running, and may $(id -un) use it? \`docker info\` says why"
}

# Keys are for their owner alone; the container's user (10001) reads secrets/ by its group.
prepare() {
    [ -e "$HERE/.env" ] || cp "$HERE/env.example" "$HERE/.env"
    if [ ! -e "$HERE/tacore.env" ]; then
        (umask 077 && cp "$HERE/tacore.env.example" "$HERE/tacore.env")
        say "made tacore.env and .env beside docker-compose.yml: settings and keys go there"
    fi
    [ -d "$HERE/secrets" ] || (umask 027 && mkdir "$HERE/secrets")
    mkdir -p "$HERE/config"
}

runs() {
    [ -n "$(compose ps --quiet --status running broker)" ]
}

up() {
    compose up --detach --wait --remove-orphans || {
        compose ps --all >&2
        give_up "not everything became healthy: \`deploy.sh logs\` says why"
    }
    say "clients: 127.0.0.1:$(published broker 5555), monitor: http://127.0.0.1:$(published monitor 8000)"
}

published() {
    compose port "$1" "$2" | sed 's/.*://'
}

# The broker first: it answers what is open while there are workers to do it.
down() {
    compose stop broker
    compose down --remove-orphans
}

status() {
    compose ps --all
    runs || give_up "the broker does not run"
    compose exec -T broker tacore broker status
    compose exec -T broker tacore worker ls
}

backup() {
    runs || give_up "the broker does not run: \`deploy.sh up\` first, or copy the volume tacore_data"
    file=${1:-$BACKUPS/tacore-$(date -u +%Y%m%dT%H%M%SZ).tar.gz}
    [ ! -e "$file" ] || give_up "$file is there already"
    mkdir -p -- "$(dirname -- "$file")"
    if ! (umask 077 && compose exec -T broker tacore-backup >"$file.partial"); then
        rm -f -- "$file.partial"
        give_up "the backup failed; nothing was left behind"
    fi
    mv -- "$file.partial" "$file"
    say "$file ($(du -h -- "$file" | cut -f1))"
}

# What was there goes aside first: an old journal beside a new ledger would be neither.
restore() {
    [ -f "${1:-}" ] || give_up "which archive? \`deploy.sh restore FILE\`"
    ! runs || give_up "the service runs: \`deploy.sh down\` first"
    gzip -t -- "$1" || give_up "$1 is no whole archive"
    # shellcheck disable=SC2016 # the shell in the container expands it
    compose run --rm -T --no-deps --entrypoint sh broker -euc '
        old=data/before-restore-$(date -u +%Y%m%dT%H%M%SZ)
        mkdir "$old"
        for each in data/*.db data/*.db-*; do [ ! -e "$each" ] || mv "$each" "$old"; done
        tar -xzf - --no-same-owner data
        echo "restored; what was there before is in $old" >&2' <"$1"
}

update() {
    compose build --pull broker
    if runs; then backup "$@"; fi
    up
}

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
    help | -h | --help)
        usage
        exit
        ;;
    up | down | status | update) [ $# -eq 0 ] || give_up "$command takes nothing more, not '$1'" ;;
    logs | backup | restore) [ $# -le 1 ] || give_up "$command takes one word, not '$*'" ;;
    *)
        say "no command '$command'"
        usage >&2
        exit 2
        ;;
esac
need_docker
prepare
case $command in
    logs) compose logs --follow --tail 100 "$@" ;;
    *) "$command" "$@" ;;
esac
