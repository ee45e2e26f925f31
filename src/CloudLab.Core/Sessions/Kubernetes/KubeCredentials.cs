using System.Buffers.Text;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions.Kubernetes;

/// <summary>
/// Who a Kubernetes client is: bearer token (fixed, in a file, or from an exec plugin), basic authentication, client
/// certificate, and whom to impersonate. Safe to use from many threads.
/// </summary>
internal sealed class KubeCredentials
{
    private static readonly TimeSpan TokenFileAge = TimeSpan.FromMinutes(1);

    private readonly string? tokenFile;
    private readonly AuthenticationHeaderValue? header;
    private readonly KubeClientCertificate? certificate;
    private readonly KubeExecPlugin? plugin;
    private readonly SemaphoreSlim gate = new(1);
    private KubeIdentity? current;
    private DateTimeOffset staleAt;

    /// <summary>Credentials of one fixed kind; nobody where all are null.</summary>
    /// <param name="header">The Authorization header.</param>
    /// <param name="tokenFile">File with a bearer token; read again every minute.</param>
    /// <param name="certificate">Client certificate.</param>
    /// <param name="plugin">Gives tokens and certificates when asked.</param>
    public KubeCredentials(
        AuthenticationHeaderValue? header = null,
        string? tokenFile = null,
        KubeClientCertificate? certificate = null,
        KubeExecPlugin? plugin = null)
    {
        this.header = header;
        this.tokenFile = tokenFile;
        this.certificate = certificate;
        this.plugin = plugin;
    }

    /// <summary>Headers that say whom to act as.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Impersonation { get; private init; } = [];

    /// <summary>True where asking again can give other credentials.</summary>
    public bool CanRefresh => plugin is not null || tokenFile is not null;

    /// <summary>How the caller authenticates, in words: <c>client certificate</c>, <c>token</c>, <c>token file</c>, <c>exec plugin</c>, <c>password</c>, <c>none</c>.</summary>
    public string Method
    {
        get
        {
            string[] methods =
            [
                .. plugin is null ? Array.Empty<string>() : ["exec plugin"],
                .. certificate is null ? Array.Empty<string>() : ["client certificate"],
                .. tokenFile is null ? Array.Empty<string>() : ["token file"],
                .. header is null ? Array.Empty<string>() : [header.Scheme == "Basic" ? "password" : "token"],
            ];
            return methods.Length == 0 ? "none" : string.Join(" and ", methods);
        }
    }

    /// <summary>Until when the certificate and the token that are used now are good.</summary>
    /// <param name="cancellation">Cancels the exec plugin.</param>
    /// <returns>The earlier end; null where neither has one that can be read.</returns>
    public async Task<DateTimeOffset?> EndAsync(CancellationToken cancellation)
    {
        KubeIdentity identity = await CurrentAsync(null, cancellation);
        DateTimeOffset? ofCertificate = identity.Certificate is { } own ? own.Context.TargetCertificate.NotAfter.ToUniversalTime() : null;
        DateTimeOffset? ofToken = identity.Header is { Scheme: "Bearer", Parameter: { } token } ? EndOf(token) : null;
        return ofCertificate < ofToken ? ofCertificate : ofToken ?? ofCertificate;
    }

    // Nobody's signature is checked: the server does that. Tokens of other forms have no end that can be read.
    private static DateTimeOffset? EndOf(string token)
    {
        try
        {
            return token.Split('.') is [_, var claims, _]
                && JsonNode.Parse(Base64Url.DecodeFromChars(claims)) is JsonObject body && body["exp"] is JsonValue value && value.TryGetValue(out long seconds)
                    ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
        }
        catch (Exception e) when (e is FormatException or JsonException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Reads a user of a kubeconfig.</summary>
    /// <param name="user">The user.</param>
    /// <param name="cluster">The cluster, which an exec plugin may be told of.</param>
    /// <param name="server">The cluster's URL.</param>
    /// <param name="environment">Says which exec plugins are allowed.</param>
    /// <returns>The credentials.</returns>
    public static KubeCredentials Of(KubeConfigEntry user, KubeConfigEntry cluster, Uri server, LabEnvironment environment)
    {
        string whose = $"user '{user.Name}' of {user.File}";
        if (user.Body["auth-provider"] is JsonObject provider)
        {
            throw new LabException(
                LabErrorKind.NotSupported, "KubeAuthProvider",
                $"The {whose} has the auth-provider '{provider["name"]}', which Kubernetes clients no longer support: use an exec plugin or a token.")
            {
                StopsCommand = true,
            };
        }

        string? certificate = Pem(user, "client-certificate", whose), key = Pem(user, "client-key", whose);
        return new KubeCredentials(
            header: Header(user, whose),
            tokenFile: user.Text("token") is null ? user.Path("tokenFile") : null,
            certificate: certificate is null ? null : KubeClientCertificate.FromPem(
                certificate, key ?? throw Invalid($"The {whose} has a client certificate but no client-key."), whose),
            plugin: user.Body["exec"] is JsonObject exec ? KubeExecPlugin.Of(exec, user, cluster, server, environment) : null)
        {
            Impersonation = Impersonate(user, whose),
        };
    }

    /// <summary>The credentials to use now.</summary>
    /// <param name="refused">The ones that the server has just refused: others are fetched; null for whichever are valid.</param>
    /// <param name="cancellation">Cancels the exec plugin.</param>
    /// <returns>The credentials.</returns>
    public async ValueTask<KubeIdentity> CurrentAsync(KubeIdentity? refused, CancellationToken cancellation)
    {
        if (current is { } valid && valid != refused && DateTimeOffset.UtcNow < staleAt)
        {
            return valid;
        }

        await gate.WaitAsync(cancellation);
        try
        {
            if (current is { } fresh && fresh != refused && DateTimeOffset.UtcNow < staleAt)
            {
                return fresh;
            }

            (KubeIdentity identity, staleAt) = await FetchAsync(cancellation);
            return current = identity;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>The header for a token.</summary>
    /// <param name="token">The token.</param>
    /// <param name="whose">Whose it is, for the error.</param>
    /// <returns>The header. Throws <see cref="LabException"/> (KubeConfigInvalid) for a token that no header can hold, and does not show it.</returns>
    public static AuthenticationHeaderValue Bearer(string token, string whose) =>
        token.Trim() is var text && text.All(c => c is > ' ' and <= '~')
            ? new("Bearer", text)
            : throw Invalid($"The token of {whose} has a space, a line break or another character that tokens cannot contain: write it on one line.");

    private static AuthenticationHeaderValue? Header(KubeConfigEntry user, string whose) =>
        user.Text("token") is { } token ? Bearer(token, whose)
        : user.Text("username") is { } name
            ? new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{user.Text("password")}")))
        : null;

    private static string? Pem(KubeConfigEntry user, string key, string whose)
    {
        try
        {
            return user.Text(key + "-data") is { } data ? Encoding.UTF8.GetString(Convert.FromBase64String(data))
                : user.Path(key) is { } path ? File.ReadAllText(path)
                : null;
        }
        catch (FormatException e)
        {
            throw Invalid($"The {key}-data of {whose} is not valid base64.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid($"The {key} of {whose} cannot be read: {e.Message}", e);
        }
    }

    private static LabException Invalid(string message, Exception? inner = null) =>
        new(LabErrorKind.InvalidArgument, "KubeConfigInvalid", message, inner);

    private static List<KeyValuePair<string, string>> Impersonate(KubeConfigEntry user, string whose)
    {
        List<KeyValuePair<string, string>> headers = [];
        if (user.Text("as") is { } name)
        {
            headers.Add(new("Impersonate-User", name));
        }

        if (user.Text("as-uid") is { } uid)
        {
            headers.Add(new("Impersonate-Uid", uid));
        }

        foreach (JsonNode? group in user.Body["as-groups"] as JsonArray ?? [])
        {
            headers.Add(new("Impersonate-Group", $"{group}"));
        }

        foreach ((string key, JsonNode? values) in user.Body["as-user-extra"] as JsonObject ?? [])
        {
            foreach (JsonNode? value in values as JsonArray ?? [])
            {
                headers.Add(new("Impersonate-Extra-" + Uri.EscapeDataString(key), $"{value}"));
            }
        }

        // .NET leaves out a header that it cannot write, and the request would go out as the user that must not be.
        return headers.Exists(header => header.Value.Any(c => char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.PrivateUse))
            ? throw Invalid($"The {whose} impersonates a user or group whose name has a line break or another character that headers cannot carry.")
            : headers;
    }

    private async Task<(KubeIdentity Identity, DateTimeOffset StaleAt)> FetchAsync(CancellationToken cancellation)
    {
        if (plugin is not null)
        {
            return await plugin.RunAsync(cancellation);
        }

        if (tokenFile is null)
        {
            return (new KubeIdentity(header, certificate), DateTimeOffset.MaxValue);
        }

        try
        {
            string token = await File.ReadAllTextAsync(tokenFile, cancellation);
            return (new KubeIdentity(Bearer(token, $"the token file '{tokenFile}'"), certificate), DateTimeOffset.UtcNow + TokenFileAge);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid($"The token file '{tokenFile}' cannot be read: {e.Message}", e);
        }
    }
}

/// <summary>One set of credentials as they go over the wire. Compared by reference: each fetch gives another one.</summary>
/// <param name="header">The Authorization header, or null.</param>
/// <param name="certificate">The client certificate, or null.</param>
internal sealed class KubeIdentity(AuthenticationHeaderValue? header, KubeClientCertificate? certificate)
{
    /// <summary>The Authorization header, or null.</summary>
    public AuthenticationHeaderValue? Header { get; } = header;

    /// <summary>The client certificate, or null.</summary>
    public KubeClientCertificate? Certificate { get; } = certificate;
}
