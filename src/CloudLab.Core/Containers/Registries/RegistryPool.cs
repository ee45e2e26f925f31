using System.Collections.Concurrent;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Registries;

/// <summary>One connection for each registry that a command talks to: TLS, tokens and a credential helper's answer are asked for once.</summary>
/// <param name="session">Names docker's configuration, which has the credentials.</param>
/// <param name="options">How registries are talked to.</param>
internal sealed class RegistryPool(LabSession session, RegistryOptions options) : IDisposable
{
    private readonly ConcurrentDictionary<string, RegistryConnection> connections = new(StringComparer.Ordinal);

    /// <summary>The repository of an image.</summary>
    /// <param name="name">The image.</param>
    /// <returns>Its repository; to be used until this is disposed of.</returns>
    public RegistryRepository Of(RegistryName name) =>
        new(connections.GetOrAdd(name.Registry, registry => new RegistryConnection(registry, session.Docker, options)), name.Path);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (RegistryConnection connection in connections.Values)
        {
            connection.Dispose();
        }
    }
}
