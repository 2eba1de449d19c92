#!/bin/sh
# hledger for the tests: an independent check of the books. What is there, else Debian's package as root.
set -eu

if command -v hledger >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing hledger for the tests (about 40 MB) …"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends hledger >/dev/null
else
    echo "The tests of the ledger need hledger: apt-get install hledger, or see hledger.org." >&2
fi
