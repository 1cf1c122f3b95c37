#!/bin/sh
# Runs the browser test $1 (page or live); installs the pinned node modules first where npm can.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
if ! command -v node >/dev/null 2>&1; then
  echo "the browser test \"$1\" needs node (Debian package nodejs)" >&2
  case ",${JUNCTURE_TEST_REQUIRE:-}," in *,browser,*) echo FAILED >&2; exit 1 ;; *) echo SKIPPED >&2; exit 77 ;; esac
fi
if [ ! -d "$here/node_modules/playwright-core" ] && command -v npm >/dev/null 2>&1; then
  (cd "$here" && npm ci --no-audit --no-fund) || echo "npm ci did not succeed" >&2
fi
exec node "$here/run.mjs" "$1"
