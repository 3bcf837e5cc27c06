#!/bin/sh
# Finds a Python of 3.11 or later and hands over to prepare.py. PYTHON=... names one; otherwise python3 is taken,
# and where that is too old, python3.12, python3.11 and later ones are looked for.
set -eu
cd "$(dirname "$0")/.."

suits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    suits "$PYTHON" || { echo "prepare: PYTHON=$PYTHON is not a Python of 3.11 or later" >&2; exit 2; }
    exec "$PYTHON" scripts/prepare.py "$@"
fi
if suits python3; then
    exec python3 scripts/prepare.py "$@"
fi
for candidate in python3.12 python3.11 python3.13 python3.14; do
    if suits "$candidate"; then
        echo "prepare: python3 is missing or older than 3.11; using $candidate" >&2
        exec "$candidate" scripts/prepare.py "$@"
    fi
done
cat >&2 <<'END'
prepare: no Python of 3.11 or later was found (tried python3, python3.12, python3.11, python3.13, python3.14).
On Debian 12 and later: apt-get install python3 python3-venv python3-dev gcc
Or name one yourself: make run PYTHON=/path/to/python3.12
END
exit 2
