#!/usr/bin/env bash
# Builds the OpenSearch server that tests run against: Maven Central's parts and a Java 21 from the Python packages.
#   usage: install.sh [DIR]      DIR: default .opensearch of this checkout (127 MB); a finished build is left as it is
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
mkdir -p "${1:-$root/.opensearch}"
build=$(cd "${1:-$root/.opensearch}" && pwd)
version=$(sed -n 's:.*<opensearch.version>\(.*\)</opensearch.version>.*:\1:p' "$here/pom.xml")
home=$build/opensearch-$version
[ ! -f "$home/.ready" ] || exit 0
command -v mvn >/dev/null || { echo "opensearch: Maven is not there: apt-get install maven" >&2; exit 1; }

# The modules are published as jars, without the descriptor that the server wants beside them.
descriptor() {  # descriptor NAME CLASS EXTENDED
    printf '%s\n' "name=$1" "description=$1" "classname=$2" "extended.plugins=$3" "version=$version" \
        "opensearch.version=$version" "java.version=21" "custom.foldername=" "has.native.controller=false" \
        >"$home/modules/$1/plugin-descriptor.properties"
}

rm -rf "$home"
mvn -B -q -f "$here/pom.xml" "-Dbuild=$build" package >&2
descriptor lang-painless org.opensearch.painless.PainlessModulePlugin ""
descriptor analysis-common org.opensearch.analysis.common.CommonAnalysisModulePlugin lang-painless
uv pip install -q --python "$root/.venv/bin/python" --target "$build/java" --require-hashes \
    -r "$root/requirements/opensearch.txt"
touch "$home/.ready"
