# Sourced by the tests of images, in the folder that an image is built in: finds an engine, and builds IMAGE by `build`.
WORK=${NIBRS_IMAGE_FOLDER:-${TMPDIR:-/tmp}/nibrs-image-test}

say() { echo "== $*"; }

if docker info >/dev/null 2>&1; then
    engine=docker
elif command -v buildah >/dev/null; then
    engine=buildah
else
    echo "Neither a running Docker nor buildah was found; on Debian: apt-get install buildah debootstrap" >&2
    exit 3
fi

use_buildah_without_a_daemon() {
    mkdir -p "$WORK"
    printf '[storage]\ndriver = "vfs"\nrunroot = "%s/run"\ngraphroot = "%s/graph"\n' "$WORK" "$WORK" >"$WORK/storage.conf"
    export CONTAINERS_STORAGE_CONF=$WORK/storage.conf BUILDAH_ISOLATION=chroot
}

make_base() {
    buildah inspect --type image debian-base >/dev/null 2>&1 && return
    command -v debootstrap >/dev/null || { echo "debootstrap was not found; apt-get install debootstrap, or set BASE" >&2; exit 3; }
    say "Making a Debian bookworm base with debootstrap"
    debootstrap --variant=minbase bookworm "$WORK/base" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$WORK/debootstrap.log"
    # A container started from nothing, filled, committed: an import without any other tool.
    local container
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$WORK/base" / >/dev/null
    buildah commit --quiet "$container" debian-base >/dev/null
    buildah rm "$container" >/dev/null
    rm -rf "$WORK/base"
}

build() {
    [ $engine = docker ] || use_buildah_without_a_daemon
    [ $engine = docker ] || [ -n "${BASE:-}" ] || make_base
    say "Building $IMAGE with $engine; its log is $WORK/build.log"
    mkdir -p "$WORK"
    build_image >"$WORK/build.log" 2>&1 || { tail -40 "$WORK/build.log" >&2; exit 1; }
}

build_image() {
    if [ $engine = docker ]; then
        docker build --tag $IMAGE ${BASE:+--build-arg BASE="$BASE"} .
    else
        # Names are found as on this machine, and pip trusts whom this machine trusts, such as a company's proxy.
        local trusted=/etc/ssl/certs/ca-certificates.crt network=(--volume /etc/resolv.conf:/etc/resolv.conf:ro)
        [ ! -e $trusted ] || network+=(--volume $trusted:/run/trusted.crt:ro --build-arg PIP_CERT=/run/trusted.crt)
        # Layers make the next build fast; where everything is thrown away they only cost copies of the whole.
        buildah bud "--layers=${NIBRS_IMAGE_LAYERS:-true}" "${network[@]}" --build-arg "BASE=${BASE:-localhost/debian-base}" --tag $IMAGE .
    fi
}
