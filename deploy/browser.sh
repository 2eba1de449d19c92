#!/bin/sh
# A Chromium for the tests, and a font that shows Chinese: Debian's as root (its build without windows where there is
# one: pages start a quarter sooner), else what is there, else Playwright's own.
set -eu

has_shell() { command -v chromium-headless-shell >/dev/null 2>&1; }

has_browser() {
    has_shell || command -v chromium || command -v chromium-browser || command -v google-chrome
} >/dev/null 2>&1

has_font() {
    command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh family)" ]
}

missing() { # the browser's package, if any
    if [ -n "$(apt-cache search --names-only '^chromium-headless-shell$')" ]; then
        echo chromium-headless-shell
    elif ! has_browser; then
        echo chromium
    fi
}

install() {
    apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(missing) fontconfig fonts-noto-cjk >/dev/null
}

if has_shell && has_font; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium and a Chinese font for the tests (about 200 MB) …"
    install || { has_browser && has_font; }
elif ! has_browser; then
    echo "Installing a Chromium for the tests in your home folder (about 200 MB) …"
    .venv/bin/playwright install chromium
fi
