#!/usr/bin/env bash
# Sets up everything and runs the tests that this machine can run; says what it left out and why.
#   ./test.sh                     everything
#   ./test.sh storage identity    the named areas: storage identity containers kubernetes autoscaling sessions
#                                 host emulator module
#   CLOUDLAB_TEST_START=0         start no server: use what the environment names (see tests/services)
set -uo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off
results=$PWD/out/test-results
areas=("$@")

. tests/services/prepare.sh
need_dotnet || exit 1
need_command git git || exit 1

echo "== build"
./build.sh || exit 1
dotnet build tests/CloudLab.Tests -c Release --nologo -v quiet || exit 1
dotnet build tests/OtherAwsModule -c Release --nologo -v quiet || exit 1
rm -rf "$results"
mkdir -p "$results"

started=()
finish() {
    [ ${#started[@]} = 0 ] || tests/services/down.sh "${started[@]}" > /dev/null 2>&1
}
trap finish EXIT
trap 'exit 130' INT TERM

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
    elif [ "${CLOUDLAB_TEST_START:-1}" = 0 ]; then
        echo "$server: SKIPPED, $variable is not set and CLOUDLAB_TEST_START=0"
    elif lines=$(tests/services/up.sh "$server" 2> "$results/$server.log"); then
        eval "$lines"
        started+=("$server")
        echo "$server: started"
    else
        started+=("$server")
        echo "$server: SKIPPED, it did not start: $(tail -n 1 "$results/$server.log")"
    fi
}

echo "== servers"
start docker CLOUDLAB_TEST_DOCKER containers
start s3 CLOUDLAB_TEST_S3 storage identity sessions
start moto CLOUDLAB_TEST_MOTO identity
start tools CLOUDLAB_TEST_AWSCLI emulator
start kubectl CLOUDLAB_TEST_KUBECTL emulator
[ -n "${CLOUDLAB_TEST_KUBECONFIG:-}" ] || echo "kubernetes: SKIPPED, CLOUDLAB_TEST_KUBECONFIG names no cluster (the emulator serves the quick tests)"

passed=0 failed=0 skipped=0

echo "== xunit"
filters=()
for area in ${areas[@]+"${areas[@]}"}; do filters+=(-trait "Area=${area^}"); done
dotnet tests/CloudLab.Tests/bin/Release/net10.0/CloudLab.Tests.dll -noColor -noLogo ${filters[@]+"${filters[@]}"} 2>&1 | tee "$results/xunit.log" | grep -vE '^ *(Discover|Starting)|\[SKIP\]|CLOUDLAB_TEST_[A-Z0-9_]+ is not set'
summary=$(grep -E 'Total: [0-9]+, Errors: ' "$results/xunit.log" | tail -n 1)
if [ -n "$summary" ]; then
    count() { sed -E "s/.*$1: ([0-9]+).*/\1/" <<< "$summary"; }
    bad=$(($(count Failed) + $(count Errors)))
    failed=$((failed + bad))
    skipped=$((skipped + $(count Skipped)))
    passed=$((passed + $(count Total) - $(count Failed) - $(count Skipped)))
    grep -oE 'CLOUDLAB_TEST_[A-Z0-9_]+ is not set' "$results/xunit.log" | sort | uniq -c | sed 's/^ *\([0-9]*\) \(.*\)/skipped \1 tests: \2/'
else
    echo "The xunit run ended without a summary."
    failed=$((failed + 1))
fi

echo "== Pester"
if pwsh=$(find_pwsh); then
    export PWSH=$pwsh
    modules=$(find_pester "$pwsh")
    [ -z "$modules" ] || export PSModulePath="$modules${PSModulePath:+:$PSModulePath}"
    CLOUDLAB_TEST_AREAS="${areas[*]-}" CLOUDLAB_TEST_RESULT="$results/pester.txt" \
        "$pwsh" -NoProfile -NonInteractive -File tests/Pester/Invoke-Tests.ps1
    if read -r ok bad left < "$results/pester.txt" 2> /dev/null; then
        passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + left))
    else
        echo "The Pester run ended without a result."
        failed=$((failed + 1))
    fi
else
    echo "****  SKIPPED: the whole Pester suite. There is no PowerShell here: put pwsh (7.4 or later) on the PATH or name it in PWSH."
    skipped=$((skipped + $(grep -rhcE '^ *It ' tests/Pester | awk "{n += \$1} END {print n}")))
fi

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
