#!/bin/sh
# Fetch what `talkover bench duplex` plays, from Debian: recordings of real people, music, knocks,
# keys and rings, and speech synthesisers. What each is and its licence: see
# client/talkover/client/bench/duplex/recorded.py.
#
# With root it installs the packages (about 250 MB). Without root it unpacks those that are only
# recordings into a folder of yours, where the bench looks for them, and says which programs are
# missing. Safe to run again; takes no time when all is there.
set -eu

FOLDER="${TALKOVER_RECORDINGS:-${XDG_CACHE_HOME:-$HOME/.cache}/talkover/recordings}"
SECONDS_FOR_APT=900

fail() {
    echo "bench set-up: $1" >&2
    exit 1
}

has() { # a path below / or the folder
    [ -e "/$1" ] || [ -e "$FOLDER/$1" ]
}

missing_data() { # package names of recordings that are not here
    while read -r package path; do
        has "$path" || printf '%s ' "$package"
    done <<LIST
asterisk-core-sounds-en-wav usr/share/asterisk/sounds/en_US_f_Allison/vm-goodbye.wav
asterisk-core-sounds-en usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz
asterisk-core-sounds-es-wav usr/share/asterisk/sounds/es_MX_f_Allison/vm-goodbye.wav
asterisk-core-sounds-es usr/share/doc/asterisk-core-sounds-es/core-sounds-es.txt.gz
asterisk-core-sounds-fr-wav usr/share/asterisk/sounds/fr_CA_f_June/vm-goodbye.wav
asterisk-core-sounds-fr usr/share/doc/asterisk-core-sounds-fr/core-sounds-fr.txt.gz
asterisk-core-sounds-it-wav usr/share/asterisk/sounds/it_IT_m_Carlo/vm-goodbye.wav
asterisk-core-sounds-it usr/share/doc/asterisk-core-sounds-it/core-sounds-it.txt.gz
asterisk-core-sounds-ru-wav usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU/vm-goodbye.wav
asterisk-core-sounds-ru usr/share/doc/asterisk-core-sounds-ru/core-sounds-ru.txt.gz
asterisk-moh-opsound-wav usr/share/asterisk/moh/reno_project-system.wav
hedgewars-data usr/share/games/hedgewars/Data/Sounds/voices/British/Hmm.ogg
bucklespring-data usr/share/buckle/wav
sound-icons usr/share/sounds/sound-icons
oxygen-sounds usr/share/sounds/Oxygen-Sys-Warning.ogg
LIST
}

missing_programs() {
    for program in espeak-ng flite festival; do
        command -v "$program" >/dev/null 2>&1 || printf '%s ' "$program"
    done
    for voice in festvox-kallpc16k:kal_diphone festvox-kdlpc16k:ked_diphone; do
        [ -e "/usr/share/festival/voices/english/${voice#*:}" ] || printf '%s ' "${voice%%:*}"
    done
}

bounded() {
    if command -v timeout >/dev/null 2>&1; then
        timeout "$SECONDS_FOR_APT" "$@"
    else
        "$@"
    fi
}

install_all() { # as root
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # a list of package names
    bounded apt-get install -y -q --no-install-recommends $1 ||
        { bounded apt-get update -q && bounded apt-get install -y -q --no-install-recommends $1; }
}

unpack_data() { # without root
    mkdir -p "$FOLDER"
    work=$(mktemp -d "$FOLDER/.unpack-XXXXXX")
    trap 'rm -rf "$work"' EXIT INT TERM
    for package in $1; do
        (cd "$work" && bounded apt-get download "$package") || return 1
        dpkg-deb -x "$work/${package}"_*.deb "$work/root" || return 1
    done
    cp -R "$work/root/usr" "$FOLDER/"
}

data=$(missing_data)
programs=$(missing_programs)
[ -n "$data$programs" ] || exit 0
command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 ||
    fail "no apt here; the bench needs $data$programs"

if [ "$(id -u)" -eq 0 ]; then
    install_all "$data$programs" || fail "apt-get could not install $data$programs"
    # Slim images drop what goes to /usr/share/doc, where the transcripts are: unpack those.
    data=$(missing_data)
    programs=$(missing_programs)
fi
if [ -n "$data" ]; then
    echo "bench set-up: unpacking $data into $FOLDER"
    unpack_data "$data" || fail "apt-get could not download $data"
fi
[ -z "$programs" ] || fail "$programs must be installed by root"
