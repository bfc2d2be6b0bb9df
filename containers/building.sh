# Sourced by the tests of images, in the folder that an image is built in: finds an engine, and builds IMAGE by `build`.
WORK=${NIBRS_IMAGE_FOLDER:-${TMPDIR:-/tmp}/nibrs-image-test}

say() { echo "== $*"; }

if docker info >/dev/null 2>&1; then
    engine=docker
elif command -v buildah >/dev/null; then
    engine=buildah
else
    echo "Neither a running Docker nor buildah was found; on Debian: apt-get install buildah mmdebstrap" >&2
    exit 3
fi

use_buildah_without_a_daemon() {
    mkdir -p "$WORK"
    printf '[storage]\ndriver = "%s"\nrunroot = "%s/run"\ngraphroot = "%s/graph"\n' "$(storage_driver)" "$WORK" "$WORK" >"$WORK/storage.conf"
    export CONTAINERS_STORAGE_CONF=$WORK/storage.conf BUILDAH_ISOLATION=chroot
}

storage_driver() { # overlay where this machine mounts one here; vfs, which copies the whole image for each container, elsewhere
    local driver=vfs
    mkdir -p "$WORK"/overlay/{lower,upper,work,merged}
    if mount -t overlay overlay -o "lowerdir=$WORK/overlay/lower,upperdir=$WORK/overlay/upper,workdir=$WORK/overlay/work" \
        "$WORK/overlay/merged" 2>/dev/null; then
        umount "$WORK/overlay/merged"
        driver=overlay
    fi
    rm -rf "$WORK/overlay"
    echo $driver
}

make_base() {
    buildah inspect --type image debian-base >/dev/null 2>&1 && return
    command -v mmdebstrap >/dev/null || { echo "mmdebstrap was not found; apt-get install mmdebstrap, or set BASE" >&2; exit 3; }
    say "Making a Debian bookworm base with mmdebstrap"
    local container
    container=$(buildah from scratch)
    # Like Debian's own image, which waits for no disk when packages are unpacked.
    mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io bookworm "$(buildah mount "$container")" \
        "${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
    buildah unmount "$container" >/dev/null
    buildah commit --quiet "$container" debian-base >/dev/null
    buildah rm "$container" >/dev/null
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
