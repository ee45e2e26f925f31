using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Docker;

namespace CloudLab.Core.Containers.Registries;

/// <summary>
/// Credentials for registries as <c>docker login</c> keeps them: in config.json (<c>auths</c>), in one credential store
/// (<c>credsStore</c>), or with a helper for each registry (<c>credHelpers</c>).
/// </summary>
/// <param name="connection">Names the configuration folder.</param>
internal sealed class RegistryCredentials(DockerConnection connection)
{
    /// <summary>What Docker's own registry is called in images.</summary>
    public const string Hub = "docker.io";

    // Its key in config.json is still the address of its first version.
    private const string HubKey = "https://index.docker.io/v1/";

    /// <summary>Finds the credentials for a registry.</summary>
    /// <param name="registry"><c>127.0.0.1:5000</c>, <c>docker.io</c>.</param>
    /// <param name="cancellation">Ends a helper that is asked.</param>
    /// <returns>
    /// The credentials, or null. Throws <see cref="LabException"/> (<c>RegistryCredentialsUnreadable</c>) where a helper fails.
    /// </returns>
    public async Task<RegistryLogin?> FindAsync(string registry, CancellationToken cancellation)
    {
        JsonObject config = connection.Store.Config();
        string key = registry == Hub ? HubKey : registry;
        string[] names = registry == Hub ? [HubKey, Hub, "index.docker.io"] : [registry];
        string? helper = names.Select(name => StrictJson.Text(config["credHelpers"], name)).FirstOrDefault(found => found is not null)
            ?? StrictJson.Text(config, "credsStore");
        return helper is not null
            ? await AskAsync(helper, key, cancellation)
            : OfFile(config["auths"] as JsonObject ?? [], key, registry);
    }

    private static RegistryLogin? OfFile(JsonObject auths, string key, string registry)
    {
        // Old files have whole URLs for keys.
        JsonObject? found = auths[key] as JsonObject
            ?? auths.FirstOrDefault(auth => Host(auth.Key) == (registry == Hub ? Host(HubKey) : registry)).Value as JsonObject;
        if (found is null)
        {
            return null;
        }

        (string? user, string? password) = (StrictJson.Text(found, "username"), StrictJson.Text(found, "password"));
        if (StrictJson.Text(found, "auth") is { } auth)
        {
            (user, password) = Decode(auth) ?? throw Unreadable(registry, "its entry in config.json is not valid", null);
        }

        RegistryLogin login = new(key, user, password, StrictJson.Text(found, "identitytoken"), StrictJson.Text(found, "registrytoken"));

        // With a credential store the file keeps an empty entry for each registry.
        return login is { User: null, IdentityToken: null, RegistryToken: null } ? null : login;
    }

    private static (string? User, string? Password)? Decode(string auth)
    {
        try
        {
            string text = Encoding.UTF8.GetString(Convert.FromBase64String(auth)).TrimEnd('\0');
            int colon = text.IndexOf(':', StringComparison.Ordinal);
            return colon < 0 ? null : (text[..colon], text[(colon + 1)..]);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string Host(string key)
    {
        string rest = key.StartsWith("https://", StringComparison.Ordinal) ? key[8..] : key.StartsWith("http://", StringComparison.Ordinal) ? key[7..] : key;
        return rest.Split('/')[0];
    }

    private static LabException Unreadable(string registry, string why, Exception? inner) => new(
        LabErrorKind.ServiceFailed, "RegistryCredentialsUnreadable",
        $"The credentials for {registry} cannot be read: {why.TrimEnd('.')}. Sign in again with 'docker login {(registry == Hub ? "" : registry)}".TrimEnd() + "'.", inner)
    {
        Target = registry,
    };

    // The protocol of docker-credential-helpers: the address on standard input, JSON or a complaint on standard output.
    private async Task<RegistryLogin?> AskAsync(string helper, string key, CancellationToken cancellation)
    {
        string registry = key == HubKey ? Hub : key;
        string program = "docker-credential-" + helper;
        string path = Executables.Find(program, connection.Environment)
            ?? throw Unreadable(registry, $"config.json names the credential helper '{helper}', but there is no {program} on the PATH", null);
        ProcessStartInfo start = new(path, ["get"]);
        string answer = await CredentialProgram.RunAsync(
            start, $"credential helper '{program}'", (why, inner) => Unreadable(registry, why, inner), "reinstall it.", cancellation, key,
            output => output.Contains("credentials not found", StringComparison.Ordinal));
        if (answer.Length == 0)
        {
            return null;
        }

        try
        {
            JsonNode? given = StrictJson.Parse(answer);
            (string? user, string? secret) = (StrictJson.Text(given, "Username"), StrictJson.Text(given, "Secret"));
            return secret is null ? null
                : user == "<token>" ? new RegistryLogin(key, null, null, secret, null)
                : new RegistryLogin(key, user, secret, null, null);
        }
        catch (JsonException)
        {
            // Neither the answer nor what the parser says of it may be shown: it may be a secret.
            throw Unreadable(registry, $"{program} did not write JSON", null);
        }
    }
}

/// <summary>Credentials for one registry.</summary>
/// <param name="Server">The registry's key in the docker CLI's configuration.</param>
/// <param name="User">User name, or null.</param>
/// <param name="Password">Password, or null.</param>
/// <param name="IdentityToken">Token to fetch others with, or null.</param>
/// <param name="RegistryToken">Bearer token, or null.</param>
internal sealed record RegistryLogin(string Server, string? User, string? Password, string? IdentityToken, string? RegistryToken)
{
    /// <summary>The value of <c>X-Registry-Auth</c>, for an engine that shall use these credentials.</summary>
    /// <param name="login">The credentials; null for none.</param>
    /// <returns>JSON in URL-safe base64.</returns>
    public static string Header(RegistryLogin? login)
    {
        JsonObject content = [];
        Add("username", login?.User);
        Add("password", login?.Password);
        Add("serveraddress", login?.Server);
        Add("identitytoken", login?.IdentityToken);
        Add("registrytoken", login?.RegistryToken);
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(content.ToJsonString())).Replace('+', '-').Replace('/', '_');

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                content[name] = value;
            }
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Server;
}
