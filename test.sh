#!/usr/bin/env bash
# Sets up everything and runs the tests that this machine can run; says what it left out and why. Without a PowerShell that
# the module can be tested in it fails at once.
#   ./test.sh                     everything
#   ./test.sh storage identity    the named areas: storage identity containers kubernetes autoscaling sessions
#                                 host emulator module
#   CLOUDLAB_TEST_START=0         start no server: use what the environment names (see tests/services)
#   CLOUDLAB_TEST_REQUIRE=all     a server that does not start, a test skipped for the want of one, or a skipped case of Pester, is a
#                                 failure. Or names, of docker s3 moto tools kubectl simulate, which are all, and kubernetes, which this script
#                                 cannot start.
set -uo pipefail
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" || exit 1
exec < /dev/null
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off
# No compiler or build node that stays when this is done.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
results=$PWD/out/test-results
areas=("$@")
for area in ${areas[@]+"${areas[@]}"}; do
    case $area in
        storage | identity | containers | kubernetes | autoscaling | sessions | host | emulator | module) ;;
        *) echo "There is no area '$area': storage identity containers kubernetes autoscaling sessions host emulator module." >&2; exit 2 ;;
    esac
done

. tests/services/prepare.sh
need_dotnet || exit 1
need_command git git || exit 1
PWSH=$(find_pwsh) || exit 1
export PWSH
need_pester || exit 1
export PSModulePath="$PWD/out/tools/modules${PSModulePath:+:$PSModulePath}"

echo "== build"
./build.sh || exit 1
dotnet build tests/CloudLab.Tests -c Release --nologo -v quiet || exit 1
dotnet build tests/OtherAwsModule -c Release --nologo -v quiet || exit 1
rm -rf "$results"
mkdir -p "$results"

started=()
finish() {
    [ ${#started[@]} = 0 ] || tests/services/down.sh "${started[@]}" > /dev/null || echo "****  not every server ended: see above" >&2
}
trap finish EXIT
trap 'exit 130' INT TERM

passed=0 failed=0 skipped=0
closing=()

# required SERVER: CLOUDLAB_TEST_REQUIRE asks for it.
required() {
    case " ${CLOUDLAB_TEST_REQUIRE:-} " in
        *" $1 "*) return 0 ;;
        *" all "*) [ "$1" != kubernetes ] ;;
        *) return 1 ;;
    esac
}

# without SERVER REASON: it is not there; said now and at the end, and counted as a failure where it is required.
without() {
    local word=SKIPPED
    if required "$1"; then word=FAILED failed=$((failed + 1)); fi
    echo "****  $word $1: $2"
    closing+=("$word $1: $2")
}

wants() {
    local area
    [ ${#areas[@]} = 0 ] && return 0
    for area in "${areas[@]}"; do
        case " $* " in *" $area "*) return 0 ;; esac
    done
    return 1
}

# start SERVER VARIABLE AREA...: starts a server that no variable names already and that one of the areas needs.
start() {
    local server=$1 variable=$2 lines
    shift 2
    wants "$@" || return 0
    if [ -n "${!variable:-}" ]; then
        echo "$server: using ${!variable} ($variable)"
        return
    fi
    if [ "${CLOUDLAB_TEST_START:-1}" = 0 ]; then
        without "$server" "$variable is not set and CLOUDLAB_TEST_START=0"
        return
    fi
    # Noted before it starts, so that it is ended too where somebody interrupts this meanwhile.
    started+=("$server")
    if lines=$(tests/services/up.sh "$server" 2> "$results/$server.log"); then
        eval "$lines"
        echo "$server: started"
    else
        without "$server" "it did not start: $(grep -v 'did not start$' "$results/$server.log" | tail -n 1)"
    fi
}

echo "== servers"
start docker CLOUDLAB_TEST_DOCKER containers
start s3 CLOUDLAB_TEST_S3 storage identity sessions
start moto CLOUDLAB_TEST_MOTO identity
start tools CLOUDLAB_TEST_AWSCLI emulator
start kubectl CLOUDLAB_TEST_KUBECTL emulator
start simulate CLOUDLAB_TEST_IAM_SIMULATE identity
if wants kubernetes; then
    if [ -n "${CLOUDLAB_TEST_KUBECONFIG:-}" ]; then
        echo "kubernetes: using $CLOUDLAB_TEST_KUBECONFIG (CLOUDLAB_TEST_KUBECONFIG)"
    else
        without kubernetes "CLOUDLAB_TEST_KUBECONFIG names no cluster (the emulator serves the quick tests)"
    fi
fi

# count SUITE PASSED FAILED SKIPPED: adds up. A suite of which nothing ran has shown nothing; of the named areas it may have none.
count() {
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
    if [ $(($2 + $3)) = 0 ] && { [ ${#areas[@]} = 0 ] || [ "$4" != 0 ]; }; then
        closing+=("FAILED $1: no test of it ran")
        failed=$((failed + 1))
    fi
}

echo "== xunit"
filters=()
for area in ${areas[@]+"${areas[@]}"}; do filters+=(-trait "Area=$(printf %s "${area:0:1}" | tr '[:lower:]' '[:upper:]')${area:1}"); done
dotnet tests/CloudLab.Tests/bin/Release/net10.0/CloudLab.Tests.dll -noColor -noLogo ${filters[@]+"${filters[@]}"} 2>&1 | tee "$results/xunit.log" | grep -vE '^ *(Discover|Starting)|\[SKIP\]|CLOUDLAB_TEST_[A-Z0-9_]+ is not set'
summary=$(grep -E 'Total: [0-9]+, Errors: ' "$results/xunit.log" | tail -n 1)
if [ -n "$summary" ]; then
    figure() { sed -E "s/.*$1: ([0-9]+).*/\1/" <<< "$summary"; }
    bad=$(($(figure Failed) + $(figure Errors)))
    count xunit $(($(figure Total) - $(figure Failed) - $(figure Skipped))) $bad "$(figure Skipped)"
    # Again at the end, where whoever has only the end of a long log sees it.
    while IFS= read -r line; do closing+=("FAILED xunit: $line"); done < <(sed -nE '/\[FAIL\]/{N;s/^ *([^\n]*) \[FAIL\]\n */\1: /;p;}' "$results/xunit.log")
    while read -r number variable; do
        word=SKIPPED
        if required all && [ "$variable" != CLOUDLAB_TEST_KUBECONFIG ] && [ "$variable" != CLOUDLAB_TEST_IMAGE ]; then word=FAILED failed=$((failed + 1)); fi
        closing+=("$word $number tests of xunit: $variable is not set")
    done < <(grep -oE 'CLOUDLAB_TEST_[A-Z0-9_]+ is not set' "$results/xunit.log" | sort | uniq -c | sed 's/ is not set//')
else
    closing+=("FAILED xunit: it ended without a summary")
    failed=$((failed + 1))
fi

echo "== Pester"
CLOUDLAB_TEST_AREAS="${areas[*]-}" CLOUDLAB_TEST_RESULT="$results/pester.txt" \
    "$PWSH" -NoProfile -NonInteractive -File tests/Pester/Invoke-Tests.ps1
if read -r good bad left < "$results/pester.txt" 2> /dev/null; then
    count Pester "$good" "$bad" "$left"
    # Whatever the reason, a case that did not run has shown nothing.
    while read -r outcome name; do
        word=$(printf %s "$outcome" | tr '[:lower:]' '[:upper:]')
        if [ "$outcome" = skipped ] && required all; then word=FAILED failed=$((failed + 1)); fi
        closing+=("$word Pester: $name")
    done < <(tail -n +2 "$results/pester.txt")
else
    closing+=("FAILED Pester: it ended without a result")
    failed=$((failed + 1))
fi

if [ $((passed + failed)) = 0 ]; then
    closing+=("FAILED: no test ran")
    failed=1
fi
echo
[ ${#closing[@]} = 0 ] || printf '%s\n' "${closing[@]}"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
