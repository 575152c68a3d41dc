#!/bin/sh
# Write the lock files from pyproject.toml: one resolution for all, so that versions agree.
set -eu
uv=${1:-uv}
cd "$(dirname "$0")/.."
all=$(mktemp)
trap 'rm -f "$all"' EXIT

resolve() {
    "$uv" pip compile pyproject.toml --quiet --universal --python-version 3.11 --no-header --no-annotate \
        --no-emit-index-url --no-emit-find-links "$@"
}

resolve --extra build --extra test --extra lab --extra spark --output-file "$all"
for purpose in "" test lab engines; do
    set -- --extra build --generate-hashes --constraint "$all"
    case "$purpose" in
    "") ;;
    engines) set -- "$@" --extra spark --extra postgres --extra mysql ;;
    *) set -- "$@" --extra "$purpose" ;;
    esac
    file="requirements${purpose:+-$purpose}.lock"
    {
        echo "# Exact versions for make ${purpose:-report}; written by make lock."
        resolve "$@"
    } > "$file.new"
    mv "$file.new" "$file"
done
