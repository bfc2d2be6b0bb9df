#!/usr/bin/env bash
# Removes the data and results of homes, after asking: `clean_data.sh HOME ...`; YES=1 does not ask.
set -euo pipefail

DATA=(.nibrs artifacts scratch truth quarantine)

found=()
for home in "$@"; do
    for name in "${DATA[@]}"; do
        [ ! -e "$home/$name" ] || found+=("$home/$name")
    done
done
if [ ${#found[@]} = 0 ]; then
    echo "There is no data to remove in: $*"
    exit
fi

du -sh -- "${found[@]}"
if [ -z "${YES:-}" ]; then
    [ -t 0 ] || { echo "Nothing was removed: nobody can be asked here. To remove it all the same: YES=1" >&2; exit 2; }
    read -r -p "Remove all this, the databases among it? [y/N] " answer
    [[ $answer = [yY]* ]] || { echo "Nothing was removed."; exit 1; }
fi
for home in "$@"; do
    # A server that runs would go on writing.
    if [ -d "$home/.nibrs" ] && [ -x .venv/bin/nibrs ]; then NIBRS_HOME="$home" .venv/bin/nibrs db stop >/dev/null; fi
done
rm -rf -- "${found[@]}"
echo "Removed."
