#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The lab examples/api: the server is started and fetched, on every system.

BeforeAll {
    . (Join-Path $PSScriptRoot Common.ps1)
    $movies = Get-Content -Raw (Join-Path $root examples/movies/data/movies.json) | ConvertFrom-Json
    $users = Get-Content -Raw (Join-Path $root examples/movies/data/users.json) | ConvertFrom-Json
}

Describe 'Lab api' -Tag Module {
    BeforeAll { $parts = Invoke-Lab api }

    It 'answers with the objects of the file' {
        $parts.json.Count, $parts.json.One | Should -Be $movies.Count, $movies[0].title
        $parts.json.Items | Should -Be $movies[0..2].id
        $parts.json.Search | Should -Be ($users | Where-Object name -Match Dvořák).name
    }

    It 'answers what is wrong with a status of its own' {
        $codes = $parts.status.Codes
        $codes['GET /api/movies/nosuch'], $codes['GET /api/actors'], $codes['GET /api/movies?limit=all'], $codes['DELETE /api/movies'], $codes['HEAD /api/users'] | Should -Be 404, 404, 400, 405, 200
        $said | Should -Match "There is no 'nosuch' among the movies\."
        $said | Should -Match 'DELETE /api/movies 405'
    }

    It 'fills the template, and encodes what it fills in' {
        $parts.pages.Type, $parts.pages.Heading | Should -Be 'text/html; charset=utf-8', $users[0].name
        $parts.pages.Links | Should -Be ($users[0..4].id | ForEach-Object { "/users/$_" })
        $parts.pages.Encoded, $parts.pages.Left | Should -Be $true, $false
    }

    It 'serves the site of the labs' {
        $parts.site.Status, $parts.site.Movies, $parts.site.Title | Should -Be 200, $movies.Count, 'Movies from an API'
    }

    It 'stops, and leaves no job' {
        $warned | Should -BeNullOrEmpty
        Get-Job | Where-Object Command -Match GetContextAsync | Should -BeNullOrEmpty
        $url = [regex]::Match($said, 'http://127\.0\.0\.1:\d+').Value
        { Invoke-WebRequest $url -TimeoutSec 5 } | Should -Throw
    }

    It 'stays with -Keep, on the port that is asked for' {
        $free = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $free.Start(); $port = $free.LocalEndpoint.Port; $free.Stop()
        $parts = Invoke-Lab api @{ Keep = $true; Port = $port; Step = 'json' }
        try {
            $parts.Keys | Should -Be json
            (Invoke-RestMethod "http://127.0.0.1:$port/api/users/u001").name | Should -Be $users[0].name
            { Invoke-Lab api @{ Port = $port; Step = 'json' } } | Should -Throw
        }
        finally { Get-Job | Where-Object Command -Match GetContextAsync | Remove-Job -Force }
    }
}
