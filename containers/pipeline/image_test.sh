#!/usr/bin/env bash
# Builds the pipeline's image in a folder that was laid out, and runs commands inside it:
#
#     image_test.sh LAID_OUT DATA SOCKETS <<< "DB_URI COMMAND WORD..."
#
# DATA is /data there; SOCKETS, where a PostgreSQL listens, is /sockets, which DB_URI names as its host.
set -euo pipefail
laid_out=$1 data=$2 sockets=$3
cd "$laid_out"

IMAGE=nibrs-pipeline-test
. "$(dirname "$(realpath "$0")")/../building.sh"

build
mounts=(--volume "$data:/data" --volume "$sockets:/sockets")
container=
trap '[ -z "$container" ] || buildah rm "$container" >/dev/null' EXIT
[ $engine = docker ] || container=$(buildah from $IMAGE)
while read -r database words; do
    say "nibrs $words"
    # shellcheck disable=SC2086  # words of a command
    if [ $engine = docker ]; then
        docker run --rm --read-only "${mounts[@]}" --env "DB_URI=$database" $IMAGE $words </dev/null
    else
        buildah run "${mounts[@]}" --env "DB_URI=$database" "$container" -- python3 -m nibrs_command.in_container $words </dev/null
    fi
done
