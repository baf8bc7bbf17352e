#!/usr/bin/env bash
# Prepares podman for building the images where no image registry can be reached: its own configuration and storage below
# .oci/ and a Debian base under the name python:3.11-slim. Prints the environment to build and run with:
#   eval "$(scripts/oci/prepare.sh)" && podman build …
# Needs root (mmdebstrap, overlay). With a registry at hand none of this is needed: docker or podman pull the real base.
set -euo pipefail
cd "$(dirname "$0")/../.."
store=$PWD/.oci
base=docker.io/library/python:3.11-slim
packages=(podman runc netavark aardvark-dns iptables mmdebstrap)

say() { printf '==> %s\n' "$*" >&2; }

install_packages() {
    local missing=()
    for package in "${packages[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "system packages: ${missing[*]}"
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# podman's default limits are above what an unprivileged container host grants, so both are stated.
limit() { local most=$1; [ "$most" = unlimited ] && most=16384; echo $((most < 16384 ? most : 16384)); }

write_configuration() {
    mkdir -p "$store/host"
    cp -L "${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}" "$store/host/ca.crt"
    printf '[global]\ncert = /run/host/ca.crt\ntimeout = 180\ndisable-pip-version-check = 1\n' >"$store/host/pip.conf"
    local files processes
    files=$(limit "$(ulimit -Hn)")
    processes=$(limit "$(cat /proc/sys/kernel/pid_max)")
    cat >"$store/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=$files:$files", "nproc=$processes:$processes"]
volumes = ["$store/host:/run/host:ro", "$store/host/pip.conf:/etc/pip.conf:ro"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
CONF
    printf '[storage]\ndriver = "overlay"\nrunroot = "%s/run"\ngraphroot = "%s/storage"\n' "$store" "$store" >"$store/storage.conf"
}

# As bare as the official slim image, so that a Dockerfile that forgets a system library fails here too.
make_base() {
    podman image exists "$base" && return
    if [ ! -s "$store/base.tar" ]; then
        say "Debian base for $base"
        mmdebstrap --quiet --variant=minbase --mode=root \
            --include=ca-certificates,python3,python3-pip,python3-venv,netbase,tzdata \
            --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
            --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' \
            --customize-hook='rm -f "$1"/usr/lib/python3.11/EXTERNALLY-MANAGED' \
            --customize-hook='for name in python python3 python3.11; do ln -s /usr/bin/python3 "$1/usr/local/bin/$name"; done' \
            bookworm "$store/base.part.tar" /etc/apt/sources.list.d/debian.sources >&2
        mv "$store/base.part.tar" "$store/base.tar"
    fi
    podman import -q -c 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' -c 'ENV LANG=C.UTF-8' \
        -c 'CMD ["python3"]' "$store/base.tar" "$base" >/dev/null
}

[ "$(id -u)" -eq 0 ] || { echo "prepare.sh: root is needed to make a base image without a registry" >&2; exit 1; }
install_packages
write_configuration
export CONTAINERS_CONF=$store/containers.conf CONTAINERS_STORAGE_CONF=$store/storage.conf BUILDAH_FORMAT=docker
make_base
printf 'export CONTAINERS_CONF=%q CONTAINERS_STORAGE_CONF=%q BUILDAH_FORMAT=docker\n' "$CONTAINERS_CONF" "$CONTAINERS_STORAGE_CONF"
