#!/usr/bin/env pwsh
# An API for the movies and users of a file: JSON for programs, pages from a template for people, and the site that all labs use. It runs on
# every system, with the HTTP server of .NET, on 127.0.0.1 only.
#   ./build.sh; pwsh examples/api/lab.ps1           shows it, and ends
#   examples/api/lab.ps1 -Keep -Port 8000           in PowerShell: leaves it running there, for a browser; Get-Job | Remove-Job -Force ends it
[CmdletBinding()]
param(
    # Parts to show: json, status, pages, site. All if omitted.
    [ValidateSet('json', 'status', 'pages', 'site')]
    [string[]] $Step,

    # Port of 127.0.0.1; any free one if omitted.
    [ValidateRange(0, 65535)]
    [int] $Port,

    # Leaves the server running.
    [switch] $Keep
)
. (Join-Path (Split-Path $PSScriptRoot) Common.ps1)
$movies = Join-Path (Split-Path $PSScriptRoot) movies

# Serves until it is stopped. Each request is read from the file's objects; what is not there is an error in the same form as everything else.
$serve = {
    param($Listener, $Movies, $Template)
    $tables = @{ movies = Get-Content -Raw "$Movies/data/movies.json" | ConvertFrom-Json; users = Get-Content -Raw "$Movies/data/users.json" | ConvertFrom-Json }
    $files = @{ 'index.html' = "$Movies/site/index.html", 'text/html'; 'data/movies.json' = "$Movies/data/movies.json", 'application/json'; 'cgi-bin/settings' = $null, 'application/json' }
    $encode = { [Net.WebUtility]::HtmlEncode("$($args[0])") }

    # {{name}} is replaced by a value, the lines from {{#items}} to {{/items}} are repeated for each item. All of it is encoded.
    function Format-Page([hashtable] $Values, [object[]] $Items) {
        $fill = { param($Text, $With) [regex]::Replace($Text, '\{\{(\w+)\}\}', { param($found) & $encode $With[$found.Groups[1].Value] }) }
        $page = [regex]::Replace($Template, '(?s)\{\{#items\}\}\n(.*?)\{\{/items\}\}\n', { param($found) -join ($Items | ForEach-Object { & $fill $found.Groups[1].Value $_ }) })
        & $fill $page $Values
    }

    try {
        while ($Listener.IsListening) {
            # Looked after now and then, so that the job can be stopped meanwhile.
            $next = $Listener.GetContextAsync()
            try {
                while (-not $next.Wait(200)) { }
                $context = $next.Result
            }
            catch { break }
            $status, $type, $body = 200, 'application/json', $null
            try {
                $request = $context.Request
                $json = $request.Url.AbsolutePath.StartsWith('/api/')
                $way = @($request.Url.AbsolutePath -replace '^/api' -split '/' -ne '')
                $query = $request.QueryString
                if ($request.HttpMethod -notin 'GET', 'HEAD') { $status, $body = 405, (@{ error = "$($request.HttpMethod) is not possible here: the API only reads." } | ConvertTo-Json) }
                elseif (-not $way) { $status = 302; $context.Response.RedirectLocation = '/movies' }
                elseif ($way[0] -eq 'site' -and $files.ContainsKey(($name = $way[1..9] -join '/'))) {
                    $path, $type = $files[$name]
                    $body = $path ? (Get-Content -Raw $path) : (@{ title = 'Movies from an API'; pageSize = 10 } | ConvertTo-Json)
                }
                elseif (-not $tables.ContainsKey($way[0]) -or $way.Count -gt 2) { $status, $body = 404, (@{ error = "There is no $($request.Url.AbsolutePath): /api/movies and /api/users." } | ConvertTo-Json) }
                else {
                    $table = $tables[$way[0]]
                    if ($way.Count -eq 2) {
                        $found = $table | Where-Object id -EQ $way[1]
                        if (-not $found) { $status, $body = 404, (@{ error = "There is no '$($way[1])' among the $($way[0])." } | ConvertTo-Json) }
                        elseif ($json) { $body = $found | ConvertTo-Json -Depth 9 }
                        else {
                            $items = $found.PSObject.Properties | ForEach-Object { @{ link = $request.Url.AbsolutePath; text = "$($_.Name): $($_.Value -join ', ')" } }
                            $type, $body = 'text/html', (Format-Page @{ title = $found.title ?? $found.name; count = 1; shown = 1; json = "/api/$($way -join '/')" } $items)
                        }
                    }
                    else {
                        $limit, $offset = ($query['limit'] ?? 20), ($query['offset'] ?? 0)
                        if ($limit -notmatch '^\d{1,4}$' -or $offset -notmatch '^\d{1,6}$') { $status, $body = 400, (@{ error = 'limit and offset are whole numbers.' } | ConvertTo-Json) }
                        else {
                            $all = @($query['q'] ? ($table | Where-Object { "$($_.title)$($_.name)".Contains($query['q'], 'OrdinalIgnoreCase') }) : $table)
                            $some = @($all | Select-Object -Skip $offset -First $limit)
                            if ($json) { $body = @{ count = $all.Count; items = $some } | ConvertTo-Json -Depth 9 }
                            else {
                                $items = $some | ForEach-Object { @{ link = "/$($way[0])/$($_.id)"; text = $_.title ? "$($_.title) ($($_.year))" : "$($_.name), $($_.country)" } }
                                $values = @{ title = ($way[0] -eq 'movies' ? 'Movies' : 'Users') + ($query['q'] ? " with '$($query['q'])'" : ''); count = $all.Count; shown = $some.Count; json = "/api$($request.Url.PathAndQuery)" }
                                $type, $body = 'text/html', (Format-Page $values @($items))
                            }
                        }
                    }
                }
            }
            catch { $status, $body = 500, (@{ error = "$_" } | ConvertTo-Json) }
            "$($request.HttpMethod) $($request.RawUrl) $status"
            try {
                $bytes = [Text.Encoding]::UTF8.GetBytes("$body")
                $context.Response.StatusCode = $status
                $context.Response.ContentType = "$type; charset=utf-8"
                $context.Response.ContentLength64 = $bytes.Length
                if ($request.HttpMethod -ne 'HEAD') { $context.Response.OutputStream.Write($bytes) }
                $context.Response.Close()
            }
            catch { "$_" }  # The client went away.
        }
    }
    finally { $Listener.Close() }
}

try {
    # HttpListener takes no port 0. Another program may take the free port in between: then another one.
    $tries = 0
    while ($true) {
        $number = $Port
        if (-not $number) {
            $free = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
            $free.Start(); $number = $free.LocalEndpoint.Port; $free.Stop()
        }
        $listener = [Net.HttpListener]::new()
        $listener.Prefixes.Add("http://127.0.0.1:$number/")
        try { $listener.Start(); break } catch { if ($Port -or ++$tries -eq 5) { throw } }
    }
    $job = Start-ThreadJob $serve -ArgumentList $listener, $movies, (Get-Content -Raw (Join-Path $PSScriptRoot page.html))
    Add-CleanUp { $listener.Close(); $job | Wait-Job -Timeout 20 | Remove-Job -Force }
    $url = "http://127.0.0.1:$number"
    Say "The API runs at $url."

    Show-Part json 'JSON, for programs' {
        $first = Invoke-RestMethod "$url/api/movies?limit=3"
        $one = Invoke-RestMethod "$url/api/movies/$($first.items[0].id)"
        $search = Invoke-RestMethod "$url/api/users?q=Dvo%C5%99%C3%A1k&limit=100"
        Say "GET /api/movies?limit=3: $($first.count) movies, of which these were asked for:"
        $first.items | Select-Object id, title, year, director, rating | Format-Table | Say
        Say "GET /api/movies/$($one.id): $($one.title), with $($one.cast.Count) actors."
        Say "GET /api/users?q=Dvořák: $($search.count) users ($($search.items.name -join ', ')); letters beyond ASCII are UTF-8, in the address percent-encoded."
        @{ Count = $first.count; Items = $first.items.id; One = $one.title; Search = $search.items.name }
    }

    Show-Part status 'A status that says what happened' {
        $codes = [ordered] @{}
        foreach ($try in @{ Uri = '/api/movies/nosuch' }, @{ Uri = '/api/actors' }, @{ Uri = '/api/movies?limit=all' }, @{ Uri = '/api/movies'; Method = 'DELETE' }, @{ Uri = '/api/users'; Method = 'HEAD' }) {
            $method = $try.Method ?? 'GET'
            $answer = Invoke-WebRequest "$url$($try.Uri)" -Method $method -SkipHttpErrorCheck
            $codes["$method $($try.Uri)"] = $answer.StatusCode
            $text = $answer.Content ? ($answer.Content | ConvertFrom-Json).error : "no body, $($answer.Headers.'Content-Length') bytes if it were GET"
            Say "$method $($try.Uri): $($answer.StatusCode), $text"
        }
        @{ Codes = $codes }
    }

    Show-Part pages 'Pages, from a template' {
        $page = Invoke-WebRequest "$url/users?limit=5"
        $links = $page.Links.href | Where-Object { $_ -match '^/users/' }
        $user = Invoke-WebRequest "$url$($links[0])"
        $search = Invoke-WebRequest "$url/movies?q=<script>"
        Say "GET /users?limit=5: a page with $($links.Count) links, made of page.html; GET $($links[0]): a page about one."
        Say 'Values are encoded where they go into the page: a search for <script> is shown and not run.'
        @{
            Type = "$($page.Headers.'Content-Type')"; Links = $links; Left = $page.Content -match '\{\{'
            Heading = $user.Content -match '<h1>(.+?)</h1>' ? [Net.WebUtility]::HtmlDecode($Matches[1]) : ''
            Encoded = $search.Content -match '&lt;script&gt;' -and $search.Content -notmatch '<script>'
        }
    }

    Show-Part site 'The site of all labs' {
        $site = Invoke-WebRequest "$url/site/index.html"
        $data = Invoke-RestMethod "$url/site/data/movies.json"
        $settings = Invoke-RestMethod "$url/site/cgi-bin/settings"
        Say "$url/site/index.html reads data/movies.json ($($data.Count) movies) and its settings ($($settings.title), $($settings.pageSize) a page): a bucket, a container and a cluster serve the same."
        @{ Status = $site.StatusCode; Movies = $data.Count; Title = $settings.title }
    }
    Say "`nThe server's log:"
    Receive-Job $job | Say
}
finally { Clear-Lab }
$parts
