#!/usr/bin/env bash
# The broker of the integration tests, for ctest.
#   kafka_run.sh start DATADIR PORT     an empty broker; 77 (skipped) without Java or Maven
#   kafka_run.sh with DATADIR COMMAND   runs COMMAND; 77 if the broker was skipped
#   kafka_run.sh stop DATADIR
set -euo pipefail
kafka=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../tools" && pwd)/kafka.sh
action=$1 data=$2
shift 2

case $action in
  start)
    # What an interrupted run has left would be in the way.
    "$kafka" stop "$data"
    rm -rf "$data"
    if ! reason=$("$kafka" check 2>&1); then
      echo "$reason"
      case ",${JUNCTURE_TEST_REQUIRE:-}," in
        *[,\ ]kafka[,\ ]*)
          echo "Kafka is required (JUNCTURE_TEST_REQUIRE=$JUNCTURE_TEST_REQUIRE) and cannot be started."
          exit 1
          ;;
      esac
      echo "SKIPPED: the tests against a real Kafka"
      exit 77
    fi
    "$kafka" start "$data" "$1"
    ;;
  with)
    if [ ! -f "$data/pid" ]; then
      echo "SKIPPED: no Kafka was started"
      exit 77
    fi
    "$@"
    ;;
  stop) "$kafka" stop "$data" ;;
esac
