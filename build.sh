#!/bin/sh
# Builds the module into out/CloudLab and the command into out/bin. The steps are in build.proj.
#   ./build.sh
#   ./build.sh package     and out/package/CloudLab, the module for every platform: Publish-PSResource -Path takes that folder
set -eu
cd "$(dirname "$0")"
case ${1:-} in package) shift; set -- -t:Package "$@" ;; esac
exec dotnet msbuild build.proj -nologo -v:minimal "$@"
