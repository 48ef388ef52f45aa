#!/bin/sh
# Fetch what some tests need from Debian: recordings of real people, music, a browser, and speech
# synthesisers.
#
# With root it installs the packages. Without root it unpacks those that are only data into a
# folder of yours, where talkover.core.audio.prompts looks for them. When it may do neither it says
# why in a line and ends well: the tests that need them are skipped, and say so. Safe to run again;
# takes no time when all is there. Ctrl-C leaves nothing half-unpacked.
set -eu

FOLDER="${TALKOVER_RECORDINGS:-${XDG_CACHE_HOME:-$HOME/.cache}/talkover/recordings}"
PROMPTS="en:en_US_f_Allison es:es_MX_f_Allison fr:fr_CA_f_June"
SECONDS_FOR_APT=300

skip() {
    echo "test set-up: $1; tests that need it are skipped"
    exit 0
}

has_prompts() { # language:speaker
    for root in "$FOLDER" ""; do
        if [ -e "$root/usr/share/asterisk/sounds/${1#*:}/vm-goodbye.wav" ] &&
            [ -e "$root/usr/share/doc/asterisk-core-sounds-${1%%:*}/core-sounds-${1%%:*}.txt.gz" ]; then
            return 0
        fi
    done
    return 1
}

has_music() {
    for root in "$FOLDER" ""; do
        [ ! -e "$root/usr/share/asterisk/moh/reno_project-system.wav" ] || return 0
    done
    return 1
}

missing_data() { # package names of recordings that are not here
    for prompts in $PROMPTS; do
        has_prompts "$prompts" || printf 'asterisk-core-sounds-%s asterisk-core-sounds-%s-wav ' \
            "${prompts%%:*}" "${prompts%%:*}"
    done
    has_music || printf 'asterisk-moh-opsound-wav '
}

missing_tools() { # package names of programs, and of voices that one of them needs
    for tool in espeak-ng chromium flite festival; do
        command -v "$tool" >/dev/null 2>&1 || printf '%s ' "$tool"
    done
    for voice in kal:festvox-kallpc16k ked:festvox-kdlpc16k; do
        [ -d "/usr/share/festival/voices/english/${voice%%:*}_diphone" ] ||
            printf '%s ' "${voice#*:}"
    done
}

bounded() { # a mirror that hangs must not hang the tests
    if command -v timeout >/dev/null 2>&1; then
        timeout "$SECONDS_FOR_APT" "$@"
    else
        "$@"
    fi
}

quietly() { # show what a command said only if it failed
    if ! said=$(bounded "$@" 2>&1); then
        printf '%s\n' "$said" | tail -n 3 >&2
        return 1
    fi
}

install_all() { # as root
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # a list of package names
    quietly apt-get install -y --no-install-recommends $1 ||
        { quietly apt-get update && quietly apt-get install -y --no-install-recommends $1; }
}

unpack_data() { # without root: download and unpack, then move into place in one step each
    mkdir -p "$FOLDER"
    work=$(mktemp -d "$FOLDER/.unpack-XXXXXX")
    trap 'rm -rf "$work"' EXIT INT TERM
    for package in $1; do
        (cd "$work" && quietly apt-get download "$package") || return 1
        dpkg-deb -x "$work/${package}"_*.deb "$work/root" || return 1
    done
    # The transcript goes last: a language counts as here when it and the recordings are.
    for part in usr/share/asterisk/moh usr/share/asterisk/sounds usr/share/doc; do
        mkdir -p "$FOLDER/$part"
        for source in "$work/root/$part"/*; do
            [ -e "$source" ] || continue
            rm -rf "${FOLDER:?}/$part/$(basename "$source")"
            mv "$source" "$FOLDER/$part/"
        done
    done
}

data=$(missing_data)
tools=$(missing_tools)
[ -n "$data$tools" ] || exit 0
command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 ||
    skip "no apt here, so no $data$tools"

if [ "$(id -u)" -eq 0 ]; then
    echo "test set-up: installing $data$tools"
    [ -z "$data" ] || install_all "$data" || echo "test set-up: apt-get could not install $data"
    for tool in $tools; do
        install_all "$tool" ||
            echo "test set-up: apt-get could not install $tool; tests that need it are skipped"
    done
    # Slim images drop what goes to /usr/share/doc, where the transcripts are: unpack those.
    data=$(missing_data)
    tools=""
fi
if [ -n "$data" ]; then
    echo "test set-up: unpacking $data into $FOLDER"
    unpack_data "$data" || skip "apt-get could not download $data"
fi
[ -z "$tools" ] || skip "$tools is not installed and this is not root"
