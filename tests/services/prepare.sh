# Sourced by quickstart.sh and test.sh: finds or installs what the steps need. Names no host: packages come from the
# sources that the machine already uses.

# Installs a Debian or Ubuntu package of which a command is missing: need_command COMMAND PACKAGE.
need_command() {
    command -v "$1" > /dev/null && return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
        echo "Installing $2..."
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" > /dev/null
    else
        echo "'$1' is missing: install $2 and run this again." >&2
        return 1
    fi
}

# within SECONDS COMMAND...: ends it then, where the system has the command for that (macOS has not).
within() {
    if command -v timeout > /dev/null; then timeout "$@"; else shift; "$@"; fi
}

need_dotnet() {
    if ! command -v dotnet > /dev/null && apt-cache show dotnet-sdk-10.0 > /dev/null 2>&1; then
        need_command dotnet dotnet-sdk-10.0
    fi
    case $(dotnet --version 2> /dev/null) in
        1[0-9].*) ;;
        *) echo "The .NET SDK 10 is missing: install it (package dotnet-sdk-10.0) and run this again." >&2; return 1 ;;
    esac
    # A .NET tool looks for the runtime in the usual places only, unless this names it.
    export DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}
}

# Prints the version (7.6.9) of a PowerShell, or nothing where that is none.
pwsh_version() {
    "$1" -NoLogo -NoProfile -NonInteractive -Version < /dev/null 2> /dev/null | sed -n 's/^PowerShell \([0-9][0-9.]*\).*/\1/p'
}

is_pwsh_new_enough() {
    local major minor
    IFS=. read -r major minor _ <<< "$1"
    [ -n "$minor" ] && [ $((major * 1000 + minor)) -ge 7006 ]
}

# Prints the path of a PowerShell 7.6 or later: the one that PWSH names, else the one on the PATH, else the version that
# .config/dotnet-tools.json pins, installed into out/tools. Says in one line why there is none.
find_pwsh() {
    local found version pinned tools=$PWD/out/tools
    if [ -n "${PWSH:-}" ]; then
        version=$(pwsh_version "$PWSH")
        is_pwsh_new_enough "$version" && echo "$PWSH" && return 0
        echo "PWSH names $PWSH, which is ${version:+PowerShell }${version:-no PowerShell}: CloudLab needs PowerShell 7.6 or later." >&2
        return 1
    fi
    found=$(command -v pwsh) && is_pwsh_new_enough "$(pwsh_version "$found")" && echo "$found" && return 0

    pinned=$(tr -d ' \n' < .config/dotnet-tools.json | sed -n 's/.*"powershell":{"version":"\([^"]*\)".*/\1/p')
    mkdir -p "$tools"
    if [ ! -d "$tools/.store/powershell/$pinned" ]; then
        echo "Installing PowerShell $pinned into out/tools..." >&2
        within 300 dotnet tool update PowerShell --version "$pinned" --allow-downgrade --tool-path "$tools" < /dev/null > "$tools/pwsh.log" 2>&1
    fi
    if [ "$(pwsh_version "$tools/pwsh")" != "$pinned" ]; then
        echo "PowerShell $pinned cannot be had: $(grep -v '^ *$' "$tools/pwsh.log" 2> /dev/null | tail -n 1) Install PowerShell 7.6 or later, or name it in PWSH." >&2
        return 1
    fi
    echo "$tools/pwsh"
}

# Lays out the versions of Pester that tests/Pester/Pester.csproj pins in out/tools/modules.
need_pester() {
    mkdir -p out/tools
    within 300 dotnet msbuild tests/Pester/Pester.csproj -restore -t:LayOut -nologo -v:quiet < /dev/null > out/tools/pester.log 2>&1 && return 0
    echo "Pester cannot be had: $(grep -v '^ *$' out/tools/pester.log | tail -n 1)" >&2
    return 1
}
