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

need_dotnet() {
    if ! command -v dotnet > /dev/null && apt-cache show dotnet-sdk-10.0 > /dev/null 2>&1; then
        need_command dotnet dotnet-sdk-10.0
    fi
    case $(dotnet --version 2> /dev/null) in
        1[0-9].*) ;;
        *) echo "The .NET SDK 10 is missing: install it (package dotnet-sdk-10.0) and run this again." >&2; return 1 ;;
    esac
}

# Prints the path of PowerShell; installs it as a .NET tool where the package feed has it.
find_pwsh() {
    local found=${PWSH:-$(command -v pwsh || true)} tools=$PWD/out/tools
    if [ -z "$found" ]; then
        [ -x "$tools/pwsh" ] || timeout 300 dotnet tool install PowerShell --tool-path "$tools" > /dev/null 2>&1 || true
        [ ! -x "$tools/pwsh" ] || found=$tools/pwsh
    fi
    [ -n "$found" ] && echo "$found"
}

# find_pester PWSH: prints a folder of modules with Pester 5 in it where this PowerShell has none and the package feed has it.
find_pester() {
    local modules=$PWD/out/tools/modules packages
    "$1" -NoProfile -NonInteractive -Command 'exit [int] -not (Get-Module -ListAvailable Pester | Where-Object Version -GE ([version] "5.0"))' && return 0
    if [ ! -d "$modules/Pester" ]; then
        timeout 300 dotnet restore tests/Pester/Pester.csproj -v quiet > /dev/null 2>&1 || return 0
        packages=$(dotnet nuget locals global-packages --list | sed 's/^[^:]*: //')
        mkdir -p "$modules"
        cp -r "$packages/pester/5.7.1/tools" "$modules/Pester" || return 0
    fi
    echo "$modules"
}
