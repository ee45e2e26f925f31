using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Networks;

/// <summary>A network in a Docker Engine.</summary>
public sealed class LabDockerNetwork
{
    /// <summary>Its name. Binds <c>-Name</c> and <c>-Network</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The engine's id: 64 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>The first 12 digits of the id, as the docker CLI shows it.</summary>
    public string ShortId => Id.Length > 12 ? Id[..12] : Id;

    /// <summary>bridge, overlay, macvlan, host, null…</summary>
    public required string Driver { get; init; }

    /// <summary>local, swarm or global.</summary>
    public required string Scope { get; init; }

    /// <summary>Its ranges of addresses.</summary>
    public required IReadOnlyList<string> Subnets { get; init => field = TextList.Of(value); }

    /// <summary>Whether it has no way out of the engine's machine.</summary>
    public required bool Internal { get; init; }

    /// <summary>Names of the containers in it, those that do not run too.</summary>
    public required IReadOnlyList<string> Containers { get; init => field = TextList.Of(value); }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Its labels.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init => field = TextDictionary.Of(value); }

    /// <summary>Whether it is one of the engine's own: bridge, host, none.</summary>
    public bool IsPredefined => Name is "bridge" or "host" or "none" or "nat" or "ingress" or "docker_gwbridge";

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>What a new network shall be.</summary>
public sealed record NetworkOptions
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Driver; bridge if null.</summary>
    public string? Driver { get; init; }

    /// <summary>Range of addresses: <c>10.5.0.0/16</c>.</summary>
    public string? Subnet { get; init; }

    /// <summary>Address of the gateway.</summary>
    public string? Gateway { get; init; }

    /// <summary>No way out of the engine's machine.</summary>
    public bool Internal { get; init; }

    /// <summary>IPv6 as well.</summary>
    public bool IPv6 { get; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Options of the driver.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}

/// <summary>The networks in a session's Docker Engine.</summary>
/// <param name="session">The session.</param>
public sealed class NetworkStore(LabSession session)
{
    private readonly DockerEngine engine = new(session.Docker);

    /// <summary>Lists the networks by name.</summary>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The networks.</returns>
    public async Task<IReadOnlyList<LabDockerNetwork>> ListAsync(CancellationToken cancellation)
    {
        IList<NetworkResponse> networks = await engine.AskAsync("networks", (client, limited) => client.Networks.ListNetworksAsync(null, limited), cancellation);

        // A list of networks does not say who is in them; the list of containers does, of those that do not run too.
        Dictionary<string, List<string>> users = [];
        await foreach (LabContainer container in new ContainerStore(engine).ListAsync(new ContainerQuery { All = true }, cancellation))
        {
            foreach (string network in container.Networks)
            {
                (users.TryGetValue(network, out List<string>? names) ? names : users[network] = []).Add(container.Name);
            }
        }

        return
        [
            .. networks.OrderBy(n => n.Name, StringComparer.Ordinal).Select(n => new LabDockerNetwork
            {
                Name = n.Name,
                Id = n.ID,
                Driver = n.Driver,
                Scope = n.Scope,
                Subnets = [.. (n.IPAM?.Config ?? []).Select(c => c.Subnet).Where(s => s is { Length: > 0 })],
                Internal = n.Internal,
                Containers = [.. users.GetValueOrDefault(n.Name, []).Order(StringComparer.Ordinal)],
                Created = new DateTimeOffset(n.Created.ToUniversalTime()),
                Labels = new Dictionary<string, string>(n.Labels ?? new Dictionary<string, string>()),
            }),
        ];
    }

    /// <summary>Lists the networks that no container is in and that are not the engine's own.</summary>
    /// <param name="labels">Only those with all of these labels: <c>team</c> or <c>team=movies</c>.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The networks.</returns>
    public async Task<IReadOnlyList<LabDockerNetwork>> UnusedAsync(IReadOnlyList<string> labels, CancellationToken cancellation) =>
        [.. (await ListAsync(cancellation)).Where(each => !each.IsPredefined && each.Containers.Count == 0 && EngineLabels.Match(each.Labels, labels))];

    /// <summary>Finds a network by its name or id.</summary>
    /// <param name="name">Name, id or beginning of the id.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The network. Throws <see cref="LabException"/> (<c>NetworkNotFound</c>).</returns>
    public async Task<LabDockerNetwork> FindAsync(string name, CancellationToken cancellation)
    {
        IReadOnlyList<LabDockerNetwork> all = await ListAsync(cancellation);
        return all.FirstOrDefault(n => n.Name == name || n.Id == name) ?? (name.Length >= 3 ? all.FirstOrDefault(n => n.Id.StartsWith(name, StringComparison.Ordinal)) : null)
            ?? throw new LabException(
                LabErrorKind.NotFound, "NetworkNotFound", $"There is no network '{name}' in the Docker Engine.{NearestNames.Say(name, all.Select(n => n.Name))}")
            {
                Target = name, Advice = "Get-LabDockerNetwork lists the networks.",
            };
    }

    /// <summary>Makes a network.</summary>
    /// <param name="options">What it shall be.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The network. Throws <see cref="LabException"/> (<c>NetworkNameTaken</c>, <c>SubnetTaken</c>).</returns>
    public async Task<LabDockerNetwork> CreateAsync(NetworkOptions options, CancellationToken cancellation)
    {
        try
        {
            await engine.AskAsync("networks/create", (client, limited) => client.Networks.CreateNetworkAsync(new NetworksCreateParameters
            {
                Name = options.Name,
                Driver = options.Driver ?? "bridge",
                Internal = options.Internal,
                EnableIPv6 = options.IPv6 ? true : null,
                IPAM = options.Subnet is null && options.Gateway is null ? null : new IPAM
                {
                    Driver = "default",
                    Config = [new IPAMConfig { Subnet = options.Subnet ?? "", Gateway = options.Gateway ?? "" }],
                },
                Labels = new Dictionary<string, string>(options.Labels),
                Options = new Dictionary<string, string>(options.Options),
            }, limited), cancellation);
        }
        catch (LabException e) when (e.ServiceMessage?.Contains("already exists", StringComparison.Ordinal) == true)
        {
            throw new LabException(LabErrorKind.AlreadyExists, "NetworkNameTaken", $"There is a network '{options.Name}' already.", e)
            {
                Target = options.Name, Advice = "Get-LabDockerNetwork lists the networks.",
            };
        }
        catch (LabException e) when (e.ServiceMessage?.Contains("overlap", StringComparison.Ordinal) == true)
        {
            throw new LabException(
                LabErrorKind.Conflict, "SubnetTaken", $"The network '{options.Name}' cannot be made: its addresses overlap with those of another network.", e)
            {
                Target = options.Name, Advice = "Get-LabDockerNetwork shows the subnets; leave -Subnet out and the engine chooses one.",
            };
        }

        return await FindAsync(options.Name, cancellation);
    }

    /// <summary>Removes a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is gone. Throws <see cref="LabException"/> (<c>NetworkInUse</c>).</returns>
    public async Task RemoveAsync(LabDockerNetwork network, CancellationToken cancellation)
    {
        try
        {
            await engine.AskAsync<object>("networks/" + network.Id, async (client, limited) =>
            {
                await client.Networks.DeleteNetworkAsync(network.Id, limited);
                return client;
            }, cancellation);
        }
        catch (LabException e) when (e.ServiceMessage?.Contains("active endpoints", StringComparison.Ordinal) == true)
        {
            throw new LabException(
                LabErrorKind.Conflict, "NetworkInUse", $"The network '{network.Name}' is used by {string.Join(", ", network.Containers.Select(c => $"'{c}'"))}.", e)
            {
                Target = network.Name,
                Advice = $"Stop the containers, or take them out with Disconnect-LabDockerNetwork {network.Name} -Container NAME.",
            };
        }
    }

    /// <summary>Puts a container into a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="container">Name or id of the container.</param>
    /// <param name="aliases">Further names in the network.</param>
    /// <param name="address">Address in the network; the engine chooses one if null.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is in it.</returns>
    public async Task ConnectAsync(LabDockerNetwork network, string container, IReadOnlyList<string> aliases, string? address, CancellationToken cancellation)
    {
        try
        {
            await engine.AskAsync<object>($"networks/{network.Id}/connect", async (client, limited) =>
            {
                await client.Networks.ConnectNetworkAsync(network.Id, new NetworkConnectParameters
                {
                    Container = container,
                    EndpointConfig = new EndpointSettings
                    {
                        Aliases = [.. aliases],
                        IPAMConfig = address is null ? null : new EndpointIPAMConfig { IPv4Address = address },
                    },
                }, limited);
                return client;
            }, cancellation);
        }
        catch (LabException e) when (e.ServiceMessage?.Contains("already exists in network", StringComparison.Ordinal) == true)
        {
            throw new LabException(LabErrorKind.AlreadyExists, "NetworkConnected", $"The container '{container}' is in the network '{network.Name}' already.", e) { Target = container };
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            throw await new ContainerStore(engine).NotFoundAsync(container, cancellation, e);
        }
    }

    /// <summary>Takes a container out of a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="container">Name or id of the container.</param>
    /// <param name="force">Even where the engine cannot tell the container.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is out.</returns>
    public async Task DisconnectAsync(LabDockerNetwork network, string container, bool force, CancellationToken cancellation)
    {
        try
        {
            await engine.AskAsync<object>($"networks/{network.Id}/disconnect", async (client, limited) =>
            {
                await client.Networks.DisconnectNetworkAsync(network.Id, new NetworkDisconnectParameters { Container = container, Force = force }, limited);
                return client;
            }, cancellation);
        }
        catch (LabException e) when (e.ServiceMessage?.Contains("is not connected", StringComparison.Ordinal) == true)
        {
            throw new LabException(LabErrorKind.NotFound, "NetworkNotConnected", $"The container '{container}' is not in the network '{network.Name}'.", e) { Target = container };
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            throw await new ContainerStore(engine).NotFoundAsync(container, cancellation, e);
        }
    }
}
