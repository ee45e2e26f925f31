using System.Globalization;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Volumes;

/// <summary>A volume in a Docker Engine.</summary>
public sealed class LabDockerVolume
{
    /// <summary>Its name; 64 hexadecimal digits where nobody gave it one. Binds <c>-Name</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its driver.</summary>
    public required string Driver { get; init; }

    /// <summary>Where it is on the engine's machine.</summary>
    public required string MountPoint { get; init; }

    /// <summary>Whether nobody gave it a name.</summary>
    public required bool Anonymous { get; init; }

    /// <summary>Names of the containers that use it, those that do not run too.</summary>
    public required IReadOnlyList<string> Containers { get; init => field = TextList.Of(value); }

    /// <summary>When it was made; null where the driver does not say.</summary>
    public required DateTimeOffset? Created { get; init; }

    /// <summary>Its labels.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init => field = TextDictionary.Of(value); }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>The volumes in a session's Docker Engine.</summary>
/// <param name="session">The session.</param>
public sealed class VolumeStore(LabSession session)
{
    private const string AnonymousLabel = "com.docker.volume.anonymous";

    private readonly DockerEngine engine = new(session.Docker);

    /// <summary>Lists the volumes by name.</summary>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The volumes.</returns>
    public async Task<IReadOnlyList<LabDockerVolume>> ListAsync(CancellationToken cancellation)
    {
        VolumesListResponse answer = await engine.AskAsync("volumes", (client, limited) => client.Volumes.ListAsync(limited), cancellation);
        Dictionary<string, List<string>> users = [];
        await foreach (LabContainer container in new ContainerStore(engine).ListAsync(new ContainerQuery { All = true }, cancellation))
        {
            foreach (LabContainerMount mount in container.Mounts.Where(m => m.Type == "volume"))
            {
                (users.TryGetValue(mount.Source, out List<string>? names) ? names : users[mount.Source] = []).Add(container.Name);
            }
        }

        return
        [
            .. (answer.Volumes ?? []).OrderBy(v => v.Name, StringComparer.Ordinal).Select(v => new LabDockerVolume
            {
                Name = v.Name,
                Driver = v.Driver,
                MountPoint = v.Mountpoint,
                Anonymous = v.Labels?.ContainsKey(AnonymousLabel) == true,
                Containers = [.. users.GetValueOrDefault(v.Name, []).Order(StringComparer.Ordinal)],
                Created = DateTimeOffset.TryParse(v.CreatedAt, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out DateTimeOffset created) ? created : null,
                Labels = new Dictionary<string, string>(v.Labels ?? new Dictionary<string, string>()),
            }),
        ];
    }

    /// <summary>Lists the volumes that no container uses.</summary>
    /// <param name="all">Also those that were given a name.</param>
    /// <param name="labels">Only those with all of these labels: <c>team</c> or <c>team=movies</c>.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The volumes.</returns>
    public async Task<IReadOnlyList<LabDockerVolume>> UnusedAsync(bool all, IReadOnlyList<string> labels, CancellationToken cancellation) =>
        [.. (await ListAsync(cancellation)).Where(each => each.Containers.Count == 0 && (all || each.Anonymous) && EngineLabels.Match(each.Labels, labels))];

    /// <summary>Finds a volume by its name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The volume. Throws <see cref="LabException"/> (<c>VolumeNotFound</c>).</returns>
    public async Task<LabDockerVolume> FindAsync(string name, CancellationToken cancellation)
    {
        IReadOnlyList<LabDockerVolume> all = await ListAsync(cancellation);
        return all.FirstOrDefault(v => v.Name == name) ?? throw new LabException(
            LabErrorKind.NotFound, "VolumeNotFound", $"There is no volume '{name}' in the Docker Engine.{NearestNames.Say(name, all.Where(v => !v.Anonymous).Select(v => v.Name))}")
        {
            Target = name, Advice = "Get-LabDockerVolume lists the volumes.",
        };
    }

    /// <summary>Makes a volume.</summary>
    /// <param name="name">Its name; the engine invents one if null.</param>
    /// <param name="driver">Its driver; local if null.</param>
    /// <param name="labels">Labels.</param>
    /// <param name="options">Options of the driver.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The volume. Throws <see cref="LabException"/> (<c>VolumeNameTaken</c>): the engine itself would give the one that exists.</returns>
    public async Task<LabDockerVolume> CreateAsync(
        string? name, string? driver, IReadOnlyDictionary<string, string> labels, IReadOnlyDictionary<string, string> options, CancellationToken cancellation)
    {
        if (name is not null && (await ListAsync(cancellation)).Any(v => v.Name == name))
        {
            throw new LabException(LabErrorKind.AlreadyExists, "VolumeNameTaken", $"There is a volume '{name}' already.")
            {
                Target = name, Advice = $"Get-LabDockerVolume {name} shows it.",
            };
        }

        VolumeResponse made = await engine.AskAsync("volumes/create", (client, limited) => client.Volumes.CreateAsync(new VolumesCreateParameters
        {
            Name = name ?? "",
            Driver = driver ?? "local",
            DriverOpts = new Dictionary<string, string>(options),
            Labels = new Dictionary<string, string>(labels),
        }, limited), cancellation);
        return await FindAsync(made.Name, cancellation);
    }

    /// <summary>Removes a volume with what is in it.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is gone. Throws <see cref="LabException"/> (<c>VolumeInUse</c>).</returns>
    public async Task RemoveAsync(LabDockerVolume volume, CancellationToken cancellation)
    {
        try
        {
            await engine.AskAsync<object>("volumes/" + volume.Name, async (client, limited) =>
            {
                await client.Volumes.RemoveAsync(Uri.EscapeDataString(volume.Name), false, limited);
                return client;
            }, cancellation);
        }
        catch (LabException e) when (e.ServiceMessage?.Contains("in use", StringComparison.Ordinal) == true)
        {
            throw new LabException(
                LabErrorKind.Conflict, "VolumeInUse", $"The volume '{volume.Name}' is used by {string.Join(", ", volume.Containers.Select(c => $"'{c}'"))}.", e)
            {
                Target = volume.Name, Advice = "Remove the containers first, those that have ended too: Get-LabContainer -All shows them.",
            };
        }
    }
}
