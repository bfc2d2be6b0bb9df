#!/usr/bin/env bash
# Builds the image from its Dockerfile and runs a stage inside it: `make image-test`.
#
# With Docker it uses Docker. Without, buildah builds in a chroot, which needs root but no daemon; BASE
# is then a Debian that debootstrap makes, unless the environment names an image to start from.
set -euo pipefail
cd "$(dirname "$0")"

IMAGE=nibrs-estimation-test
ZIP=${1:-}
. ../building.sh

run() { # run FOLDER NAME=VALUE... -- STAGE
    local folder=$1 environment=()
    shift
    while [ "$1" != -- ]; do environment+=(--env "$1"); shift; done
    shift
    if [ $engine = docker ]; then
        docker run --rm --read-only --volume "$folder:/data" "${environment[@]}" --env ARTIFACT_STORE=/data $IMAGE "$@"
    else
        local container status=0
        container=$(buildah from $IMAGE)
        buildah run --volume "$folder:/data" "${environment[@]}" --env ARTIFACT_STORE=/data "$container" -- \
            python3 /opt/nibrs/entry_point.py "$@" || status=$?
        buildah rm "$container" >/dev/null
        return $status
    fi
}

make_input() { # a state's zip: the one that is given, or a made-up one
    mkdir -p "$1/downloads/2013"
    if [ -n "$ZIP" ]; then
        cp "$ZIP" "$1/downloads/2013/LA-2013.zip"
        return
    fi
    python3 - "$1/downloads/2013/LA-2013.zip" <<'PYTHON'
import sys, zipfile
tables = {
    "nibrs_month": "nibrs_month_id,agency_id,month_num\n1,7,5\n",
    "cde_agencies": "agency_id,ori\n7,LA0000700\n",
    "nibrs_incident": "incident_id,nibrs_month_id,report_date_flag,incident_hour,cleared_except_id\n1,1,,5,6\n2,1,R,,6\n",
    "nibrs_offense": "offense_id,incident_id,offense_type_id,attempt_complete_flag,location_id\n1,1,40,C,20\n2,2,40,A,20\n",
    "nibrs_victim": "victim_id,incident_id,victim_type_id\n1,1,4\n2,2,4\n",
    "nibrs_victim_offense": "victim_id,offense_id\n1,1\n2,2\n",
    "nibrs_victim_injury": "victim_id,injury_id\n1,5\n",
    "nibrs_victim_offender_rel": "victim_id,offender_id,relationship_id\n1,1,24\n",
    "nibrs_offender": "offender_id,incident_id,offender_seq_num\n1,1,1\n2,2,0\n",
    "nibrs_weapon": "offense_id,weapon_id\n1,3\n",
    "nibrs_criminal_act": "offense_id,criminal_act_id\n1,9\n",
    "nibrs_property": "property_id,incident_id,prop_loss_id,stolen_count\n1,1,7,\n",
    "nibrs_property_desc": "property_id,prop_desc_id\n1,20\n",
    "nibrs_arrestee": "incident_id\n1\n",
    "nibrs_offense_type": "offense_type_id,offense_code\n40,120\n",
    "nibrs_location_type": "location_id,location_code\n20,20\n",
    "nibrs_victim_type": "victim_type_id,victim_type_code\n4,I\n",
    "nibrs_injury": "injury_id,injury_code\n5,N\n",
    "nibrs_relationship": "relationship_id,relationship_code\n24,ST\n",
    "nibrs_weapon_type": "weapon_id,weapon_code\n3,12\n",
    "nibrs_criminal_act_type": "criminal_act_id,criminal_act_code\n9,N\n",
    "nibrs_prop_desc_type": "prop_desc_id,prop_desc_code\n20,20\n",
    "nibrs_cleared_except": "cleared_except_id,cleared_except_code\n6,N\n",
}
with zipfile.ZipFile(sys.argv[1], "w") as archive:
    for name, text in tables.items():
        archive.writestr(f"{name}.csv", text)
PYTHON
}

build

store=$(mktemp -d)
trap 'rm -rf "$store"' EXIT
make_input "$store"
chmod -R a+rwX "$store"

say "Running a stage in it"
variables=(ESTIMATION_PREFIX=runs/image-test/estimation/2013/ DATA_YEAR=2013 INPUT_STATE=LA)
run "$store" "${variables[@]}" STATE_ZIP=downloads/2013/LA-2013.zip -- tabulate_state | tee "$store/said"
result=$store/runs/image-test/estimation/2013/tabulated/LA.csv
head -2 "$result" | tail -1 | grep -qE '^LA[^,]*,[0-9]+,[0-9A-Z]+,[0-9]+$' || { echo "unexpected result:" >&2; head "$result" >&2; exit 1; }

[ -s "${result%.csv}-crimes.rds" ] || { echo "there is no matrix of the tables" >&2; exit 1; }
grep -qE 'LA-crimes.rds: [0-9]+ rows, [1-9][0-9]+ counts' "$store/said" || { echo "the tables lack the robberies" >&2; exit 1; }

say "A stage that cannot work says why and ends with status 3"
status=0
run "$store" "${variables[@]}" STATE_ZIP=downloads/2013/XX-2013.zip -- tabulate_state || status=$?
[ $status = 3 ] || { echo "exit status $status" >&2; exit 1; }

say "The stage does not run as root"
[ "$(stat -c %u "$result")" = 10001 ] || { echo "$result belongs to user $(stat -c %u "$result")" >&2; exit 1; }
say "The image was built and works"
