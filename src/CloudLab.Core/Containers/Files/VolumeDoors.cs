using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Containers.Volumes;
using CloudLab.Core.Sessions;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Files;

/// <summary>
/// Ways into volumes. The engine reads and writes files only in containers, so each volume gets one that is made with it from any image, and
/// that never runs.
/// </summary>
/// <param name="session">Names the engine.</param>
/// <param name="reporter">Is told of a container that stays.</param>
internal sealed class VolumeDoors(LabSession session, IReporter reporter) : IAsyncDisposable
{
    // In no image; and nothing of an image is to be copied into an empty volume.
    private const string MountPoint = "/cloudlab-volume";

    private readonly ContainerStore store = new(session);
    private readonly Dictionary<string, string> doors = [];

    /// <summary>Finds the way to a path in a volume.</summary>
    /// <param name="path">The path.</param>
    /// <param name="cancellation">Gives up; nothing is left behind.</param>
    /// <returns>The same path in a container. Throws <see cref="LabException"/> (<c>VolumeNotFound</c>, <c>VolumeNeedsImage</c>).</returns>
    public async Task<ContainerPath> OpenAsync(ContainerPath path, CancellationToken cancellation)
    {
        if (!doors.TryGetValue(path.Container, out string? door))
        {
            await new VolumeStore(session).FindAsync(path.Container, cancellation);
            doors[path.Container] = door = await MakeAsync(path.Container, cancellation);
        }

        return new ContainerPath(door, MountPoint + path.Path);
    }

    /// <summary>Whether there is a volume of a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>True if so.</returns>
    public async Task<bool> IsVolumeAsync(string name, CancellationToken cancellation) =>
        (await new VolumeStore(session).ListAsync(cancellation)).Any(volume => volume.Name == name);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (string door in doors.Values)
        {
            await store.TakeBackAsync(door, null, reporter);
        }

        doors.Clear();
    }

    private async Task<string> MakeAsync(string volume, CancellationToken cancellation)
    {
        LabException? last = null;

        // The least is mounted soonest.
        foreach ((string image, _, _) in (await new ImageStore(store.Engine).SummariesAsync(cancellation)).OrderBy(image => image.Size))
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                // As with any container: what the engine makes although nobody waits for it any more would be left behind.
                CreateContainerResponse made = await store.Engine.AskAsync(
                    "containers/create", (client, limited) => client.Containers.CreateContainerAsync(Door(image, volume), limited), CancellationToken.None);
                return made.ID;
            }
            catch (LabException e) when (e.Kind is LabErrorKind.NotFound or LabErrorKind.InvalidData or LabErrorKind.Conflict)
            {
                // An image of another platform, or one that is being removed.
                last = e;
            }
        }

        throw new LabException(
            LabErrorKind.NotFound, "VolumeNeedsImage",
            $"The Docker Engine reaches the volume '{volume}' only through a container, and has no image to make one from{(last is null ? "" : $": {last.ServiceMessage}")}.", last)
        {
            Target = volume,
            Advice = "Bring any image of the engine's platform, however small, such as busybox: Receive-LabImage, Import-LabImage or Build-LabImage.",
        };
    }

    private static CreateContainerParameters Door(string image, string volume) => new()
    {
        Image = image,

        // It is never run, but an image may have no command of its own.
        Cmd = ["none"],
        Labels = new Dictionary<string, string> { ["cloudlab.volume"] = volume },
        HostConfig = new HostConfig
        {
            NetworkMode = "none",
            Mounts = [new Mount { Type = "volume", Source = volume, Target = MountPoint, VolumeOptions = new VolumeOptions { NoCopy = true } }],
        },
    };
}
