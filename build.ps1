# Builds the module into out/CloudLab and the command into out/bin. The steps are in build.proj.
#   ./build.ps1
#   ./build.ps1 package    and out/package/CloudLab, the module for every platform: Publish-PSResource -Path takes that folder
$options = @($args)
if ($options -and $options[0] -eq 'package') { $options[0] = '-t:Package' }
dotnet msbuild (Join-Path $PSScriptRoot build.proj) -nologo -v:minimal @options
exit $LASTEXITCODE
