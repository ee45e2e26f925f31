# The tests of a runbook as its author writes them: the cmdlets mocked, no server. Mocks.Tests.ps1 runs this file with each
# version of Pester that is pinned; by its name the suite itself leaves it out.

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot '../../out/CloudLab/CloudLab.psd1')

    function Backup-Catalogue([string] $Bucket) {
        if (-not (Test-LabBucket -Bucket $Bucket)) { $null = New-LabBucket -Bucket $Bucket -Versioning }
        $due = Get-LabObject -Bucket $Bucket -Prefix data/ | Where-Object Size -GT 0
        $due | Copy-LabObject -DestinationPrefix backup/
        @($due).Count
    }
}

Describe 'Backup-Catalogue' {
    BeforeEach {
        Mock Test-LabBucket { $true }
        Mock New-LabBucket { }
        Mock Copy-LabObject { }
        Mock Get-LabObject {
            [pscustomobject] @{ Bucket = 'movies'; Key = 'data/empty'; Size = 0 }
            [pscustomobject] @{ Bucket = 'movies'; Key = 'data/movies.json'; Size = 120 }
        } -ParameterFilter { $Prefix -eq 'data/' }
    }

    It 'copies what is not empty' {
        Backup-Catalogue movies | Should -Be 1
        Should -Invoke Get-LabObject -Times 1 -Exactly -ParameterFilter { $Bucket -eq 'movies' }
        Should -Invoke Copy-LabObject -Times 1 -Exactly -ParameterFilter { $Key -eq 'data/movies.json' -and $DestinationPrefix -eq 'backup/' }
        Should -Not -Invoke New-LabBucket
    }

    It 'makes the bucket where there is none' {
        Mock Test-LabBucket { $false }
        $null = Backup-Catalogue movies
        Should -Invoke New-LabBucket -Times 1 -Exactly -ParameterFilter { $Bucket -eq 'movies' -and $Versioning }
    }

    It 'passes on what a cmdlet throws' {
        Mock Copy-LabObject { throw [InvalidOperationException]::new('AccessDenied') }
        { Backup-Catalogue movies } | Should -Throw 'AccessDenied'
    }
}
