#!/usr/bin/env bash
# Builds the image from its Dockerfile and runs stages inside it: `make image-test`.
#
# With Docker it uses Docker. Without, buildah builds in a chroot, which needs root but no daemon; BASE
# is then a Debian that mmdebstrap makes, unless the environment names an image to start from.
set -euo pipefail
cd "$(dirname "$0")"

IMAGE=nibrs-estimation-test
. ../building.sh

in_image() { # in_image PROGRAM NAME=VALUE... -- ARGUMENT...; the store is /data
    local program=$1 environment=(--env ARTIFACT_STORE=/data)
    shift
    while [ "$1" != -- ]; do environment+=(--env "$1"); shift; done
    shift
    if [ $engine = docker ]; then
        docker run --rm --read-only --tmpfs /tmp --volume "$store:/data" "${environment[@]}" --entrypoint "$program" $IMAGE "$@"
    else
        buildah run --volume "$store:/data" "${environment[@]}" "$container" -- "$program" "$@"
    fi
}

run() { # run NAME=VALUE... -- STAGE
    in_image python3 "${@:1:$#-1}" /opt/nibrs/entry_point.py "${!#}"
}

build

store=$(mktemp -d)
container=
trap 'rm -rf "$store"; [ -z "$container" ] || buildah rm "$container" >/dev/null' EXIT
[ $engine = docker ] || container=$(buildah from $IMAGE)
chmod a+rwX "$store"
year=runs/image-test/estimation/2016

say "Making up a state"
in_image Rscript -- -e 'invisible(nibrsest::example_year("/data/example"))'
mkdir -p "$store/$year"
mv "$store/example/downloads" "$store/downloads"
mv "$store/example/reference" "$store/$year/reference"
chmod -R a+rwX "$store"

say "Running a stage on it"
variables=("ESTIMATION_PREFIX=$year/" DATA_YEAR=2016 INPUT_STATE=RI IMPUTATIONS=1 TABLES=all)
run "${variables[@]}" STATE_ZIP=downloads/2016/RI-2016.zip -- impute_and_tabulate | tee "$store/said"
result=$store/$year/tabulated/RI.csv
head -2 "$result" | tail -1 | grep -qE '^RI[^,]*,[0-9]+,[0-9A-Z]+,[0-9]+$' || { echo "unexpected result:" >&2; head "$result" >&2; exit 1; }

[ -s "${result%.csv}-crimes.rds" ] || { echo "there is no matrix of the tables" >&2; exit 1; }
grep -qE 'RI-crimes.rds: [0-9]+ rows, [1-9][0-9]+ counts' "$store/said" || { echo "the tables lack the robberies" >&2; exit 1; }

say "A stage that cannot work says why and ends with status 3"
status=0
run "${variables[@]}" STATE_ZIP=downloads/2016/XX-2016.zip -- impute_and_tabulate || status=$?
[ $status = 3 ] || { echo "exit status $status" >&2; exit 1; }

say "The stage does not run as root"
[ "$(stat -c %u "$result")" = 10001 ] || { echo "$result belongs to user $(stat -c %u "$result")" >&2; exit 1; }
say "The image was built and works"
