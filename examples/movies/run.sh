#!/usr/bin/env bash
# Runs the lines of movies.ps1 through the `cloudlab` command, each with its objects, on the emulator.
# PowerShell users: run.ps1 does the same in one session.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd ../.. && pwd)
cloudlab=${CLOUDLAB:-$root/out/bin/cloudlab}
work=$(mktemp -d)
emulator=

finish() {
    if [ -n "$emulator" ]; then
        kill "$emulator" 2>/dev/null
        wait "$emulator" 2>/dev/null
    fi
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

"$cloudlab" emulator > "$work/environment" &
emulator=$!
for _ in $(seq 100); do
    grep -q '^# ready' "$work/environment" && break
    kill -0 "$emulator" 2>/dev/null || { echo "The emulator did not start." >&2; exit 1; }
    sleep 0.1
done
grep -q '^# ready' "$work/environment" || { echo "The emulator was not ready within 10 seconds." >&2; exit 1; }
# shellcheck disable=SC1091
. "$work/environment"
# The role's temporary keys are kept here, not among the user's own.
export AWS_SHARED_CREDENTIALS_FILE=$work/credentials AWS_CONFIG_FILE=$work/config
unset AWS_PROFILE AWS_SESSION_TOKEN

has() {
    case $1 in
        docker) "$cloudlab" Get-LabImage -Image 'no-such-image*' > /dev/null 2>&1 ;;
        registry) has docker && curl -sf --max-time 2 -o /dev/null http://127.0.0.1:5000/v2/ ;;
    esac
}

run() {
    # The lines are written so that a shell reads them as PowerShell does; only the command's name needs its runner.
    # Standard input is this script's list of lines, not input for the cmdlets.
    local line=$1 pipeline
    pipeline=$(printf '%s' "$line" | sed -E "s#(^|\| *)([A-Z][a-z]+-[A-Z])#\1\"\$cloudlab\" \2#g")
    # What people read comes as tables; between two commands it has to be JSON lines.
    case $line in *'|'*) ;; *) local -x CLOUDLAB_OUTPUT=${CLOUDLAB_OUTPUT:-table} ;; esac
    eval "$pipeline" < /dev/null
}

# The image's web server, from this machine's own packages: a registry may be out of reach.
if has docker; then site/prepare.sh; fi

expect='' needs='' failed=0
while IFS= read -r line; do
    case $line in
        '## '*) printf '\n%s\n' "${line#\#\# }" ;;
        '# expect: '*) expect=${line#\# expect: } ;;
        '# needs: '*) needs=${line#\# needs: } ;;
        '' | '#'*) ;;
        *)
            printf '\n> %s\n' "$line"
            if [ -n "$needs" ] && ! has "$needs"; then
                echo "  left out: there is no $needs here"
            elif [ -n "$expect" ]; then
                if run "$line" 2> "$work/error"; then
                    echo "  should have failed with $expect"; failed=1
                elif grep -q "$expect" "$work/error"; then
                    echo "  refused, as it should be: $(head -n 1 "$work/error")"
                else
                    cat "$work/error" >&2; failed=1
                fi
            else
                run "$line" || { failed=1; break; }
            fi
            expect='' needs=''
            ;;
    esac
done < movies.ps1
exit "$failed"
