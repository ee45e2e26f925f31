using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Containers.Registries;

/// <summary>
/// Who the caller is to one registry: what its 401 asks for, basic credentials or a token of its token server. The protocol is that of the
/// distribution project (spec/auth/token, spec/auth/oauth).
/// </summary>
/// <param name="registry">The registry.</param>
/// <param name="login">Finds the credentials for it; asked once.</param>
/// <param name="client">Asks the token server.</param>
internal sealed partial class RegistryAuthorization(string registry, Func<CancellationToken, Task<RegistryLogin?>> login, HttpClient client) : IDisposable
{
    // The specification's own for an answer without expires_in.
    private const int ShortestSeconds = 60;

    private readonly ConcurrentDictionary<string, (string Token, DateTimeOffset Until)> tokens = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim turn = new(1);
    private Challenge? challenge;
    private Task<RegistryLogin?>? found;

    /// <summary>The header to send.</summary>
    /// <param name="scope">What shall be done: <c>repository:movies/site:pull</c>, several with a space between; empty for nothing but to be known.</param>
    /// <param name="cancellation">Cancels the request for a token.</param>
    /// <returns>The header; null before the registry has asked for one, or where there are no credentials.</returns>
    public async Task<AuthenticationHeaderValue?> HeaderAsync(string scope, CancellationToken cancellation)
    {
        if (challenge is not { } asked)
        {
            return null;
        }

        if (asked.Realm is { } realm)
        {
            return new AuthenticationHeaderValue("Bearer", await TokenAsync(realm, asked.Service, scope, cancellation));
        }

        RegistryLogin? known = await LoginAsync(cancellation);
        return known is { User: not null } ? Basic(known) : null;
    }

    /// <summary>Takes note of what a 401 asks for.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="scope">What was to be done; its token is forgotten.</param>
    public void Challenged(HttpResponseMessage answer, string scope)
    {
        tokens.TryRemove(scope, out _);
        foreach (AuthenticationHeaderValue header in answer.Headers.WwwAuthenticate)
        {
            Dictionary<string, string> parameters = new(StringComparer.OrdinalIgnoreCase);
            foreach (Match match in Parameter().Matches(header.Parameter ?? ""))
            {
                parameters[match.Groups["name"].Value] = match.Groups["value"].Value;
            }

            if (header.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)
                && Uri.TryCreate(parameters.GetValueOrDefault("realm"), UriKind.Absolute, out Uri? realm) && realm.Scheme is "https" or "http")
            {
                // Credentials that came over TLS must not leave it.
                Uri asking = answer.RequestMessage!.RequestUri!;
                challenge = realm.Scheme == "https" || asking.Scheme == "http" ? new Challenge(realm, parameters.GetValueOrDefault("service"))
                    : throw new LabException(
                        LabErrorKind.AccessDenied, "RegistryUnauthorized",
                        $"The registry {registry} wants the credentials sent to {realm.Host} without encryption: they were not sent. Its operator must correct its token server.") { Target = registry };
                return;
            }

            if (header.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase))
            {
                challenge = new Challenge(null, null);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    private static AuthenticationHeaderValue Basic(RegistryLogin known) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{known.User}:{known.Password}")));

    private Task<RegistryLogin?> LoginAsync(CancellationToken cancellation) => found ??= login(cancellation);

    private async Task<string> TokenAsync(Uri realm, string? service, string scope, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            if (tokens.TryGetValue(scope, out (string Token, DateTimeOffset Until) kept) && DateTimeOffset.UtcNow < kept.Until)
            {
                return kept.Token;
            }

            RegistryLogin? known = await LoginAsync(cancellation);
            if (known is { RegistryToken: { } given })
            {
                return given;
            }

            (string token, int seconds) = await FetchAsync(realm, service, scope, known, cancellation);
            tokens[scope] = (token, DateTimeOffset.UtcNow.AddSeconds(seconds * 0.9));
            return token;
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<(string Token, int Seconds)> FetchAsync(Uri realm, string? service, string scope, RegistryLogin? known, CancellationToken cancellation)
    {
        List<KeyValuePair<string, string>> query = [];
        if (service is not null)
        {
            query.Add(new("service", service));
        }

        string[] scopes = scope.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        using HttpRequestMessage request = new();
        if (known is { IdentityToken: { } identity })
        {
            query.AddRange([new("grant_type", "refresh_token"), new("client_id", "cloudlab"), new("refresh_token", identity), new("scope", scope)]);
            (request.Method, request.RequestUri, request.Content) = (HttpMethod.Post, realm, new FormUrlEncodedContent(query));
        }
        else
        {
            query.AddRange(scopes.Select(each => new KeyValuePair<string, string>("scope", each)));
            string text = string.Join('&', query.Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
            request.RequestUri = new UriBuilder(realm) { Query = realm.Query.Length > 1 ? $"{realm.Query[1..]}&{text}" : text }.Uri;
            request.Headers.Authorization = known is { User: not null } ? Basic(known) : null;
        }

        try
        {
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(RegistryConnection.Patience);
            using HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            string body = await RegistryFailure.TextAsync(answer, limit.Token);
            if (answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.BadRequest)
            {
                throw RegistryFailure.Unauthorized(registry, known is null ? "no credentials are stored for it" : "it rejected the stored credentials", null);
            }

            JsonObject? given = answer.IsSuccessStatusCode ? StrictJson.Parse(body) as JsonObject : null;
            string? token = StrictJson.Text(given, "token") ?? StrictJson.Text(given, "access_token");
            int seconds = given?["expires_in"] is JsonValue value && value.TryGetValue(out int number) ? number : ShortestSeconds;
            return token is { Length: > 0 } ? (token, Math.Max(seconds, ShortestSeconds)) : throw Failed($"it answered {(int)answer.StatusCode} without a token", null);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw Failed($"it was silent for {RegistryConnection.Patience.TotalSeconds:0} s", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            // What the parser says of a token may contain it.
            throw Failed(e is JsonException ? "its answer is not JSON" : e.Message, e is JsonException ? null : e);
        }

        LabException Failed(string why, Exception? inner) => new(
            LabErrorKind.ServiceFailed, "RegistryTokenFailed",
            $"The token server {realm.Authority} of the registry {registry} gave no token: {why.TrimEnd('.')}. Try again, or check it.", inner) { Target = registry };
    }

    [GeneratedRegex("(?<name>[a-zA-Z_]+)=(?:\"(?<value>[^\"]*)\"|(?<value>[^\", ]+))")]
    private static partial Regex Parameter();

    private sealed record Challenge(Uri? Realm, string? Service);
}
