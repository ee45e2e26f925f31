#!/bin/sh
# Builds the module into out/CloudLab and the command into out/bin. The steps are in build.proj.
set -eu
cd "$(dirname "$0")"
exec dotnet msbuild build.proj -nologo -v:minimal "$@"
