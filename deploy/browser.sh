#!/bin/sh
# A Chromium for the tests, and a font that shows Chinese: what is there, else Debian's as root, else Playwright's own.
set -eu

has_browser() {
    command -v chromium || command -v chromium-browser || command -v google-chrome
} >/dev/null 2>&1

has_font() {
    command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh family)" ]
}

if has_browser && has_font; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium and a Chinese font for the tests (about 200 MB) …"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fontconfig fonts-noto-cjk >/dev/null
elif ! has_browser; then
    echo "Installing a Chromium for the tests in your home folder (about 200 MB) …"
    .venv/bin/playwright install chromium
fi
