#!/usr/bin/env bash
# A backlog drained under a memory limit, on a real Kafka: nothing may be lost, and the limit has to hold.
#   memory-limit.sh BUILD [PROSPECTS] [SIGNALS]     5,000,000 and 10,000,000 unless given; needs Java, Maven once, curl, and
#                                                   root for the limit (cgroup); some 30 GB of disk at full size
# Environment: LIMIT_MB (1024), PARTITIONS (4), PORT (19650), KEEP=1 (leaves the folder), KAFKA_LIBS, KAFKA_HEAP,
# SETTINGS (more --set arguments), VERIFY=1 (ends with `juncture verify`, which takes several times the state in memory)
# Prints progress, then one JSON line. Exit 0: everything was read, each prospect has its state, no limit was broken.
set -euo pipefail
build=$(cd "$1" && pwd)
prospects=${2:-5000000} signals=${3:-10000000}
limit_mb=${LIMIT_MB:-1024} partitions=${PARTITIONS:-4} port=${PORT:-19650}
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")/../tools" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/juncture-memory-limit.XXXXXX")
prefix=limit- group="" pid=""

finish() {
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  [ -z "$pid" ] || wait "$pid" 2>/dev/null || true
  "$tools/kafka.sh" stop "$work/kafka"
  [ -z "$group" ] || rmdir "$group" 2>/dev/null || true
  if [ "${KEEP:-0}" = 1 ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap finish EXIT

# A memory cgroup, of version 2 or 1: the kernel then ends whoever goes beyond.
make_group() {
  local name=juncture-limit-$$ bytes=$((limit_mb * 1024 * 1024))
  if [ -f /sys/fs/cgroup/cgroup.controllers ] && mkdir "/sys/fs/cgroup/$name" 2>/dev/null; then
    group=/sys/fs/cgroup/$name
    echo "$bytes" >"$group/memory.max" && echo 0 >"$group/memory.swap.max" && kind="cgroup v2"
  elif mkdir "/sys/fs/cgroup/memory/$name" 2>/dev/null; then
    group=/sys/fs/cgroup/memory/$name
    echo "$bytes" >"$group/memory.limit_in_bytes" && kind="cgroup v1"
  else
    echo "memory-limit.sh: no memory cgroup can be made here: run it as root. Without a limit this shows nothing." >&2
    exit 1
  fi
}
metric() { curl -s "$url"metrics | awk -v name="$1" '$1 == name {print int($2)}'; }
sum() { curl -s "$url"metrics | awk -v name="$1" 'index($1, name) == 1 {s += $2} END {printf "%d", s}'; }
status_kb() { awk -v key="$1:" '$1 == key {print $2}' "/proc/$pid/status"; }

make_group
"$tools/kafka.sh" start "$work/kafka" "$port"
"$build/benchmarks/limits-fill" "127.0.0.1:$port" "$prefix" "$partitions" "$prospects" "$signals"

settings=(--set log.kind=kafka --set "log.kafka.brokers=127.0.0.1:$port" --set "log.topics.prefix=$prefix"
  --set "log.topics.partitions=$partitions" --set engine.fresh_within=30d --data "$work/data")
# shellcheck disable=SC2206 # several arguments in one variable
settings+=(${SETTINGS:-})
bash -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' _ "$group" \
  "$build/juncture" run --port 0 "${settings[@]}" 2>"$work/juncture.err" &
pid=$!
url=""
for _ in $(seq 1 600); do
  url=$(grep -o 'http://[^ ]*' "$work/juncture.err" | head -1 || true)
  [ -n "$url" ] && break
  kill -0 "$pid" || { cat "$work/juncture.err" >&2; exit 1; }
  sleep 0.1
done

began=$(date +%s.%N) peak_kb=0 read=0 last=0
while :; do
  sleep 5
  kill -0 "$pid" 2>/dev/null || { echo "juncture ended before it had read all: out of memory?" >&2; tail -5 "$work/juncture.err" >&2; exit 1; }
  read=$(metric 'juncture_signals_consumed_total{source="canonical"}')
  peak_kb=$(status_kb VmHWM)
  echo "read $read of $signals, $(((read - last) / 5)) a second, resident $(($(status_kb VmRSS) / 1024)) MB, peak $((peak_kb / 1024)) MB"
  last=$read
  [ "$(sum juncture_consumer_lag_messages)" -gt "$partitions" ] || [ "$read" -lt "$signals" ] || break
done
seconds=$(awk "BEGIN{printf \"%.1f\", $(date +%s.%N) - $began}")
sleep 3 # the last commits
rejected=$(sum juncture_signals_rejected_total) failed=$(metric 'juncture_log_commits_total{result="failed"}')
duplicate=$(metric juncture_signals_duplicate_total) decided=$(sum juncture_recommendations_total)
peak_kb=$(status_kb VmHWM)
kill -TERM "$pid" && wait "$pid" || true
pid=""
hash=$("$build/juncture" state hash --json "${settings[@]}")
held=$(sed 's/.*"prospects":\([0-9]*\).*/\1/' <<<"$hash")
lost=$((prospects - held))
echo "{\"prospects\":$prospects,\"signals\":$signals,\"limit_mb\":$limit_mb,\"limited_by\":\"$kind\",\"peak_resident_mb\":$((peak_kb / 1024)),\"seconds\":$seconds,\"signals_per_s\":$(awk "BEGIN{printf \"%d\", $signals / $seconds}"),\"decided\":$decided,\"rejected\":$rejected,\"duplicate\":$duplicate,\"commits_failed\":$failed,\"prospects_held\":$held,\"lost\":$lost,\"synthetic\":true}"
[ "${VERIFY:-0}" != 1 ] || "$build/juncture" verify "${settings[@]}"
[ "$lost" = 0 ] && [ "$rejected" = 0 ] && [ "$duplicate" = 0 ]
