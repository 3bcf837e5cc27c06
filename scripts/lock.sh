#!/bin/sh
# Writes the three locks: build (what builds), runtime, and dev (everything). Hashes for every file, no host named,
# one version of a package for every Python from 3.11 on. Extra arguments go to `uv pip compile`.
set -eu
cd "$(dirname "$0")/.."

compile() {
    .venv/bin/python -m uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
        --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" "$@"
}

compile --group build --output-file requirements-build.lock "$@"
compile pyproject.toml --constraints requirements-build.lock --output-file requirements.lock "$@"
compile pyproject.toml --group dev --constraints requirements-build.lock --constraints requirements.lock \
    --output-file requirements-dev.lock "$@"
