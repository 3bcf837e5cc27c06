#!/bin/sh
# Installs the engines that decide.py measures against: Python's into .venv-bench, JavaScript's into benchmarks/node_modules.
# Both from locks with hashes. Without node, cql-execution is left out, and decide.py says so.
# `prepare.sh lock` writes the locks anew instead (after `make test` once, which brings uv).
set -eu
cd "$(dirname "$0")/.."
lock=benchmarks/requirements.lock

if [ "${1:-}" = lock ]; then
    .venv/bin/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-find-links --custom-compile-command "sh benchmarks/prepare.sh lock" --output-file "$lock" \
        benchmarks/requirements.in
    (cd benchmarks && npm install --package-lock-only)
    exit
fi

if ! cmp -s "$lock" .venv-bench/installed.lock; then
    echo "prepare: installing $lock into .venv-bench" >&2
    rm -rf .venv-bench
    .venv/bin/python -m venv .venv-bench
    .venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    cp "$lock" .venv-bench/installed.lock
fi

if ! command -v npm >/dev/null 2>&1; then
    echo "prepare: no npm, so cql-execution will not be measured (on Debian: apt-get install nodejs npm)" >&2
elif ! cmp -s benchmarks/package-lock.json benchmarks/node_modules/.installed.json; then
    echo "prepare: installing benchmarks/package-lock.json" >&2
    (cd benchmarks && npm ci --loglevel=error)
    cp benchmarks/package-lock.json benchmarks/node_modules/.installed.json
fi
