using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Registries;

/// <summary>Signs in to registries and out of them, for CloudLab and every tool that reads docker's configuration.</summary>
/// <param name="session">Names docker's configuration.</param>
/// <param name="reporter">Hears where a password is stored unencrypted.</param>
public sealed class RegistryAccounts(LabSession session, IReporter reporter)
{
    private readonly RegistryCredentials credentials = new(session.Docker);

    /// <summary>The registries that credentials are stored for.</summary>
    /// <returns>Their names, sorted.</returns>
    public IReadOnlyList<string> Registries() => credentials.Registries();

    /// <summary>Brings the name of a registry into its usual form.</summary>
    /// <param name="registry"><c>127.0.0.1:5000</c>; a URL and a repository after it are taken, too; null or <c>docker.io</c> for Docker's own.</param>
    /// <returns>Host with its port. Throws <see cref="LabException"/> (<c>RegistryInvalid</c>).</returns>
    public static string NameOf(string? registry)
    {
        string host = (registry ?? RegistryCredentials.Hub).Trim();
        int scheme = host.IndexOf("://", StringComparison.Ordinal);
        host = (scheme < 0 ? host : host[(scheme + 3)..]).Split('/')[0];
        host = host is "index.docker.io" or "registry-1.docker.io" or "hub.docker.com" ? RegistryCredentials.Hub : host;
        return !host.Contains('@', StringComparison.Ordinal) && ImageName.Registry(host + "/x") == host ? host : throw new LabException(
            LabErrorKind.InvalidArgument, "RegistryInvalid", "-Registry takes host or host:port, such as 127.0.0.1:5000, without user and password.");
    }

    /// <summary>Tries credentials, and stores them where the registry takes them.</summary>
    /// <param name="registry">The registry, as <see cref="NameOf"/> gives it.</param>
    /// <param name="user">User name.</param>
    /// <param name="password">Password or access token.</param>
    /// <param name="options">How the registry is talked to.</param>
    /// <param name="cancellation">Cancels the request; nothing is stored then.</param>
    /// <returns>What is stored. Throws <see cref="LabException"/> (<c>RegistryUnauthorized</c>, <c>RegistryUnreachable</c>, <c>RegistryCredentialsNotStored</c>).</returns>
    public async Task<LabRegistryLogin> ConnectAsync(string registry, string user, string password, RegistryOptions options, CancellationToken cancellation)
    {
        if (user.Contains(':', StringComparison.Ordinal))
        {
            throw new LabException(LabErrorKind.InvalidArgument, "UserInvalid", $"The user '{user}' contains a colon, which separates it from the password: give the user alone.") { Target = registry };
        }

        using RegistryConnection connection = new(registry, session.Docker, options, new RegistryLogin(registry, user, password, null, null));
        try
        {
            await connection.GreetAsync(cancellation);
        }
        catch (LabException e) when (e.Code == "RegistryUnauthorized")
        {
            throw new LabException(
                LabErrorKind.AuthenticationFailed, "RegistryUnauthorized",
                $"The registry {registry} did not accept the user '{user}' with this password: nothing was stored. Where two-factor authentication is on, an access token is needed instead of the password.", e)
            {
                Target = registry, StatusCode = e.StatusCode, ServiceMessage = e.ServiceMessage,
            };
        }

        string store = await credentials.StoreAsync(registry, user, password, cancellation);
        if (store == "config.json")
        {
            reporter.Warning($"The password for {registry} is stored unencrypted in {session.Docker.Store.ConfigFile}: a credential helper (credsStore in it) would encrypt it.");
        }

        return new LabRegistryLogin(registry, user, store);
    }

    /// <summary>Forgets the credentials for a registry.</summary>
    /// <param name="registry">The registry, as <see cref="NameOf"/> gives it.</param>
    /// <param name="cancellation">Ends a credential helper.</param>
    /// <returns>Done when they are gone. Throws <see cref="LabException"/> (<c>RegistryNotConnected</c>) where there were none.</returns>
    public async Task DisconnectAsync(string registry, CancellationToken cancellation)
    {
        if (!await credentials.EraseAsync(registry, cancellation))
        {
            IReadOnlyList<string> known = Registries();
            throw new LabException(
                LabErrorKind.NotFound, "RegistryNotConnected",
                $"No credentials are stored for {registry}{(known.Count > 0 ? $", only for {string.Join(", ", known)}" : "")}.") { Target = registry };
        }
    }
}
