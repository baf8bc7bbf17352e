#!/usr/bin/env bash
# Makes a bare Debian-like machine ready: system packages, Python environment, Node and the CDK command line.
# Every step is skipped when its result is already there, so running it again costs less than a second.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
APT_PACKAGES=(libgomp1 libgl1 libglib2.0-0                       # Paddle and OpenCV
    fonts-dejavu-core fonts-dejavu-extra fonts-liberation fonts-freefont-ttf fonts-osifont fonts-wqy-zenhei fonts-wqy-microhei  # drawings
    chromium)                                                    # the tests of the page

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

install_system_packages() {
    command -v dpkg-query >/dev/null || { say "not a Debian system: please provide ${APT_PACKAGES[*]}"; return; }
    local missing=()
    "$PYTHON" -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
    for package in "${APT_PACKAGES[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "packages ${missing[*]} are missing and neither root nor sudo is at hand: install them and run again"
        as_root=(sudo)
    fi
    say "system packages: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

install_python_packages() {
    "$PYTHON" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' ||
        fail "$("$PYTHON" --version) found, Python 3.11 to 3.13 is needed: set PYTHON=/path/to/python3.11"
    # The stamp names what was installed; a changed lock installs again.
    local stamp=.venv/.installed wanted
    wanted=$(cat requirements.txt requirements/node.txt pyproject.toml | sha256sum)
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return
    say "Python packages into .venv"
    [ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
    if [ ! -x .venv/bin/uv ]; then
        .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
        .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
    fi
    .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r requirements.txt
    .venv/bin/uv pip install -q --python .venv/bin/python --no-deps --no-build-isolation -e .
    node_is_new_enough || .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r requirements/node.txt
    printf '%s' "$wanted" >"$stamp"
}

node_is_new_enough() {
    PATH="$PWD/.venv/bin:$PATH" node -e 'const [a, b] = process.versions.node.split(".").map(Number);
        process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

install_cdk_command_line() {
    local stamp=node_modules/.installed wanted
    wanted=$(sha256sum package-lock.json)
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return
    say "CDK command line into node_modules"
    PATH="$PWD/.venv/bin:$PATH" npm ci --silent --no-audit --no-fund
    printf '%s' "$wanted" >"$stamp"
}

install_annotator_packages() {
    local stamp=web/annotator/node_modules/.installed wanted
    wanted=$(sha256sum web/annotator/package-lock.json)
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return
    say "packages of the annotator into web/annotator/node_modules"
    (PATH="$PWD/.venv/bin:$PATH" && cd web/annotator && npm ci --silent --no-audit --no-fund)
    printf '%s' "$wanted" >"$stamp"
}

# The page on which people label. The stamp lies outside dist, all of which is served.
build_annotator() {
    local stamp=web/annotator/node_modules/.built wanted
    wanted=$(find web/annotator -type f -not -path '*/node_modules/*' -not -path '*/dist*/*' -print0 | sort -z | xargs -0 sha256sum)
    [ -f web/annotator/dist/index.html ] && [ -f web/annotator/dist-ground-truth/template.liquid.html ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return
    say "annotator into web/annotator/dist, Ground Truth's template into web/annotator/dist-ground-truth"
    (PATH="$PWD/.venv/bin:$PATH" && cd web/annotator &&
        npm run --silent build -- --logLevel warn && npm run --silent build:ground-truth -- --logLevel warn)
    printf '%s' "$wanted" >"$stamp"
}

install_system_packages
install_python_packages
install_cdk_command_line
install_annotator_packages
build_annotator
