#!/usr/bin/env bash
# A real Apache Kafka for tests and benchmarks: one node, KRaft, loopback only. Needs Java 17 and Maven.
#   kafka.sh libs                   collect the broker's jars, once
#   kafka.sh start DATADIR [PORT]   format DATADIR if it is new, start, wait until it answers; prints the seconds it took
#   kafka.sh stop DATADIR           stop the broker that was started on DATADIR
#   kafka.sh topic NAME PARTITIONS [PORT]   make a topic
#   kafka.sh check                  say what is missing to run it (exit 1), or nothing
# Environment: KAFKA_HEAP (384m), KAFKA_LIBS (build/kafka-libs)
#   KAFKA_HOST (127.0.0.1): the address that clients come to
#   KAFKA_PROXY_PORT: a second listener at PORT + 2, whose clients are sent to this port for everything; a proxy's
# PORT is 19092 unless given; PORT + 1 is the controller's.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
libs=${KAFKA_LIBS:-$here/../build/kafka-libs}
heap=${KAFKA_HEAP:-384m}
host=${KAFKA_HOST:-127.0.0.1}

check() {
  if ! command -v java >/dev/null; then
    echo "kafka.sh: java is missing: apt-get install openjdk-17-jre-headless" >&2
    return 1
  fi
  if [ ! -f "$libs/.done" ] && ! command -v mvn >/dev/null; then
    echo "kafka.sh: mvn is missing: apt-get install maven" >&2
    return 1
  fi
}

need_libs() {
  [ -f "$libs/.done" ] && return
  mkdir -p "$libs"
  mvn -q -B -f "$here/kafka/pom.xml" dependency:copy-dependencies -DoutputDirectory="$(cd "$libs" && pwd)" >/dev/null
  touch "$libs/.done"
}

java_run() { java -Dlog4j2.configurationFile="$here/kafka/log4j2.properties" -cp "$libs/*" "$@"; }

write_properties() { # data port
  local proxied='' advertised=''
  if [ -n "${KAFKA_PROXY_PORT:-}" ]; then
    proxied=,PROXIED://127.0.0.1:$(($2 + 2)) advertised=,PROXIED://127.0.0.1:$KAFKA_PROXY_PORT
  fi
  cat >"$1/server.properties" <<P
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$(($2 + 1))
listeners=PLAINTEXT://$host:$2,CONTROLLER://127.0.0.1:$(($2 + 1))$proxied
advertised.listeners=PLAINTEXT://$host:$2$advertised
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT
log.dirs=$1/logs
auto.create.topics.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
num.network.threads=2
num.io.threads=4
P
}

start() { # data [port]
  mkdir -p "$1"
  local data began port=${2:-19092}
  data=$(cd "$1" && pwd)
  began=$(date +%s.%N)
  need_libs
  if [ -f "$data/pid" ] && kill -0 "$(cat "$data/pid")" 2>/dev/null; then
    echo "kafka.sh: a broker is already running on $data" >&2
    return 1
  fi
  # A broker that was just killed may still hold it for a moment.
  for try in $(seq 1 100); do
    (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null || break
    [ "$try" -lt 100 ] || { echo "kafka.sh: port $port is taken by something else" >&2; return 1; }
    sleep 0.1
  done
  write_properties "$data" "$port"
  if [ ! -f "$data/logs/meta.properties" ]; then
    java_run -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 kafka.tools.StorageTool format \
      -t AAAAAAAAAAAAAAAAAAAAAA -c "$data/server.properties" >"$data/format.out" 2>&1 ||
      { cat "$data/format.out" >&2; return 1; }
  fi
  nohup java -Xms"$heap" -Xmx"$heap" -XX:+UseG1GC -XX:MaxGCPauseMillis=20 \
    -Dlog4j2.configurationFile="$here/kafka/log4j2.properties" -cp "$libs/*" \
    kafka.Kafka "$data/server.properties" >"$data/broker.out" 2>&1 </dev/null &
  echo $! >"$data/pid"
  for _ in $(seq 1 600); do
    if grep -q 'Kafka Server started' "$data/broker.out"; then
      echo "kafka.sh: ready pid=$(cat "$data/pid") port=$port seconds=$(awk "BEGIN{printf \"%.1f\", $(date +%s.%N) - $began}")"
      return 0
    fi
    kill -0 "$(cat "$data/pid")" 2>/dev/null || break
    sleep 0.1
  done
  tail -20 "$data/broker.out" >&2
  echo "kafka.sh: the broker didn't start; see $data/broker.out" >&2
  return 1
}

stop() { # data
  [ -f "$1/pid" ] || return 0
  local pid
  pid=$(cat "$1/pid")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 1 200); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null || true
  rm -f "$1/pid"
}

topic() { # name partitions [port]
  java_run -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 org.apache.kafka.tools.TopicCommand \
    --bootstrap-server "$host:${3:-19092}" --create --if-not-exists --topic "$1" --partitions "$2" --replication-factor 1
}

case ${1:-help} in
  libs) check && need_libs ;;
  check) check ;;
  start) check && start "$2" "${3:-}" ;;
  stop) stop "$2" ;;
  topic) topic "$2" "$3" "${4:-}" ;;
  *) sed -n '2,11p' "${BASH_SOURCE[0]}" ;;
esac
