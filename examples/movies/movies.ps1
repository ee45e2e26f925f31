# The movie site: from an empty cloud to a running deployment, and back.
#
# Every line below is one pipeline of CloudLab cmdlets with literal arguments. So PowerShell runs this file as a
# script, and the same lines run through the `cloudlab` command from any shell (run.sh). Run it from this
# folder, connected to somewhere (Start-LabEmulator will do).
#
# Comments that the runners understand: "## " is a heading; "# expect: CODE" says that the next line must fail
# with that error id; "# needs: docker" or "# needs: registry" leaves the next line out, and says so, without one.

## 1. A bucket with the site's data
New-LabBucket -Bucket movies
Wait-LabBucket -Bucket movies -Timeout 00:00:30
Send-LabObject -Bucket movies -Path data/users.json,data/movies.json -Prefix data/
Get-LabObject -Bucket movies -Prefix data/

## 2. A role that may only read that prefix
New-LabRole -Name movies-reader -TrustPolicy reader-trust.json -Policy reader-policy.json -Description 'Reads the data of the movie site'
Use-LabRole -Name movies-reader -SessionName quickstart -SaveProfile movies-reader
Get-LabCallerIdentity -ProfileName movies-reader
Get-LabObject -Bucket movies -Prefix data/ -ProfileName movies-reader
Get-LabObjectContent -Bucket movies -Key data/users.json -ProfileName movies-reader -First 3
# expect: AccessDenied
Set-LabObjectContent -Bucket movies -Key data/users.json -Value 'overwritten' -ProfileName movies-reader

## 3. The site's image, for two platforms
# needs: docker
Build-LabImage -Path site -Tag 127.0.0.1:5000/movies/site:1.0 -Platform linux/amd64,linux/arm64
# needs: registry
Build-LabImage -Path site -Tag 127.0.0.1:5000/movies/site:1.0 -Platform linux/amd64,linux/arm64 -Push
# needs: docker
Get-LabImage -Image 127.0.0.1:5000/movies/site

## 4. The deployment
Deploy-LabManifest -Path manifest.yaml -Wait -Timeout 00:01:00
Get-LabResource -Kind pods -Namespace movies

## 5. The replicas that the autoscaler would ask for
Measure-HpaReplicas -CurrentReplicas 5 -CurrentValue 120 -TargetValue 50 -MinReplicas 3 -MaxReplicas 20

## 6. Clean up
Remove-LabManifest -Path manifest.yaml -Force
Remove-LabRole -Name movies-reader -Force
Remove-LabBucket -Bucket movies -Force
