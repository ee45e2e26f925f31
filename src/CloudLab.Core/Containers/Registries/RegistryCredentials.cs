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
        return HelperFor(registry, config) is { } helper
            ? await AskAsync(helper, KeyOf(registry), cancellation)
            : OfFile(config["auths"] as JsonObject ?? [], KeyOf(registry), registry);
    }

    /// <summary>Stores credentials where the docker CLI would: with the registry's helper, in the credential store, or else in config.json.</summary>
    /// <param name="registry"><c>127.0.0.1:5000</c>, <c>docker.io</c>.</param>
    /// <param name="user">User name.</param>
    /// <param name="password">Password or access token.</param>
    /// <param name="cancellation">Ends a helper.</param>
    /// <returns>Where they are now. Throws <see cref="LabException"/> (<c>RegistryCredentialsNotStored</c>, <c>DockerConfigNotWritten</c>).</returns>
    public async Task<string> StoreAsync(string registry, string user, string password, CancellationToken cancellation)
    {
        string key = KeyOf(registry);
        if (HelperFor(registry, connection.Store.Config()) is { } helper)
        {
            string given = new JsonObject { ["ServerURL"] = key, ["Username"] = user, ["Secret"] = password }.ToJsonString();
            await RunAsync(helper, "store", registry, given, NotStored, cancellation);

            // The docker CLI lists what it is signed in to by these empty entries.
            connection.Store.Change(config => Auths(config)[key] = new JsonObject());
            return helper;
        }

        string auth = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
        connection.Store.Change(config => Auths(config)[key] = new JsonObject { ["auth"] = auth });
        return Path.GetFileName(connection.Store.ConfigFile);
    }

    /// <summary>Forgets credentials.</summary>
    /// <param name="registry"><c>127.0.0.1:5000</c>, <c>docker.io</c>.</param>
    /// <param name="cancellation">Ends a helper.</param>
    /// <returns>False where none were stored. Throws <see cref="LabException"/>.</returns>
    public async Task<bool> EraseAsync(string registry, CancellationToken cancellation)
    {
        JsonObject config = connection.Store.Config();
        string key = KeyOf(registry);
        bool known = false;
        if (HelperFor(registry, config) is { } helper && await AskAsync(helper, key, cancellation) is not null)
        {
            await RunAsync(helper, "erase", registry, key, NotStored, cancellation);
            known = true;
        }

        string[] entries = [.. (config["auths"] as JsonObject ?? []).Select(auth => auth.Key).Where(entry => IsFor(entry, registry))];
        if (entries.Length > 0)
        {
            connection.Store.Change(changed =>
            {
                foreach (string entry in entries)
                {
                    Auths(changed).Remove(entry);
                }
            });
        }

        return known || entries.Length > 0;
    }

    /// <summary>The registries that credentials are stored for.</summary>
    /// <returns>Their names, sorted.</returns>
    public IReadOnlyList<string> Registries()
    {
        JsonObject config = connection.Store.Config();
        return
        [
            .. (config["auths"] as JsonObject ?? []).Concat(config["credHelpers"] as JsonObject ?? [])
                .Select(entry => Host(entry.Key) is var host && host == Host(HubKey) ? Hub : host).Distinct().Order(StringComparer.Ordinal),
        ];
    }

    private static string KeyOf(string registry) => registry == Hub ? HubKey : registry;

    private static string? HelperFor(string registry, JsonObject config)
    {
        string[] names = registry == Hub ? [HubKey, Hub, "index.docker.io"] : [registry];
        return names.Select(name => StrictJson.Text(config["credHelpers"], name)).FirstOrDefault(found => found is not null) ?? StrictJson.Text(config, "credsStore");
    }

    private static JsonObject Auths(JsonObject config)
    {
        if (config["auths"] is not JsonObject auths)
        {
            config["auths"] = auths = [];
        }

        return auths;
    }

    private static LabException NotStored(string registry, string why, Exception? inner) => new(
        LabErrorKind.WriteFailed, "RegistryCredentialsNotStored",
        $"The credentials for {registry} cannot be changed: {why.TrimEnd('.')}. Check the credential helper that Docker's config.json names.", inner) { Target = registry };

    private static RegistryLogin? OfFile(JsonObject auths, string key, string registry)
    {
        // Old files have whole URLs for keys.
        JsonObject? found = auths[key] as JsonObject
            ?? auths.FirstOrDefault(auth => IsFor(auth.Key, registry)).Value as JsonObject;
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

    private static bool IsFor(string entry, string registry) => Host(entry) == Host(KeyOf(registry));

    private static string Host(string key)
    {
        string rest = key.StartsWith("https://", StringComparison.Ordinal) ? key[8..] : key.StartsWith("http://", StringComparison.Ordinal) ? key[7..] : key;
        return rest.Split('/')[0];
    }

    private static LabException Unreadable(string registry, string why, Exception? inner) => new(
        LabErrorKind.ServiceFailed, "RegistryCredentialsUnreadable",
        $"The credentials for {registry} cannot be read: {why.TrimEnd('.')}. Sign in again with '{RegistryFailure.SignIn(registry)}'.", inner)
    {
        Target = registry,
    };

    private async Task<string> RunAsync(
        string helper, string action, string registry, string input, Func<string, string, Exception?, LabException> failed, CancellationToken cancellation,
        Predicate<string>? hasNone = null)
    {
        string program = "docker-credential-" + helper;
        string path = Executables.Find(program, connection.Environment)
            ?? throw failed(registry, $"config.json names the credential helper '{helper}', but there is no {program} on the PATH", null);
        return await CredentialProgram.RunAsync(
            new ProcessStartInfo(path, [action]), $"credential helper '{program}'", (why, inner) => failed(registry, why, inner), "reinstall it.", cancellation, input, hasNone);
    }

    // The protocol of docker-credential-helpers: the address on standard input, JSON or a complaint on standard output.
    private async Task<RegistryLogin?> AskAsync(string helper, string key, CancellationToken cancellation)
    {
        string registry = key == HubKey ? Hub : key;
        string answer = await RunAsync(helper, "get", registry, key, Unreadable, cancellation, output => output.Contains("credentials not found", StringComparison.Ordinal));
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
            throw Unreadable(registry, $"docker-credential-{helper} did not write JSON", null);
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
