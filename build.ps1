# Builds the module into out/CloudLab and the command into out/bin. The steps are in build.proj.
Set-Location $PSScriptRoot
dotnet msbuild build.proj -nologo -v:minimal @args
exit $LASTEXITCODE
