#!/bin/sh
# Pins every package that pyproject.toml leads to. Arguments go to pip-compile (--upgrade).
# The files name packages and versions only: where they come from is the installing machine's pip configuration.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python

$python -m pip install --quiet --disable-pip-version-check pip-tools

pin() { # file, then more arguments for pip-compile
    file=$1
    shift
    $python -m piptools compile --quiet --no-header --no-annotate --strip-extras --allow-unsafe \
        --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
        --output-file "$file" "$@" pyproject.toml
    # The build of torch (its part after the plus) is the index's choice: CPU on Linux, plain elsewhere.
    sed -i.before 's/^\(torch==[0-9.]*\)+[a-z0-9]*/\1/' "$file"
    rm "$file.before"
    if grep -E '^nvidia-|^triton==|://|^-' "$file"; then
        echo "$file: the lines above do not belong in it." >&2
        echo "Let pip find the CPU build of torch first (README, \"Installing elsewhere\")." >&2
        exit 1
    fi
}

# The larger set first, so that both agree.
pin deploy/requirements-test.lock --extra test "$@"
pin deploy/requirements.lock --constraint deploy/requirements-test.lock "$@"
