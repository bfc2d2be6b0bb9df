#!/usr/bin/env bash
# Builds the pipeline's image in a folder that was laid out, and runs the command inside it:
#
#     image_test.sh LAID_OUT DATA SOCKETS DB_URI [COMMAND...]
#
# DATA is /data there; SOCKETS, where a PostgreSQL listens, is /sockets, which DB_URI names as its host.
set -euo pipefail
laid_out=$1 data=$2 sockets=$3 database=$4
shift 4
cd "$laid_out"

IMAGE=nibrs-pipeline-test
. "$(dirname "$(realpath "$0")")/../building.sh"

build
mounts=(--volume "$data:/data" --volume "$sockets:/sockets")
variables=(--env "DB_URI=$database")
if [ $engine = docker ]; then
    docker run --rm --read-only "${mounts[@]}" "${variables[@]}" $IMAGE "$@"
else
    container=$(buildah from $IMAGE)
    trap 'buildah rm "$container" >/dev/null' EXIT
    buildah run "${mounts[@]}" "${variables[@]}" "$container" -- python3 -m nibrs_command.in_container "$@"
fi
