using System.Diagnostics;
using System.Text.Json;
using CloudLab.Core.Common.Archives;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Files;

/// <summary>Copies files into containers and volumes, out of them, and between them, with the rules of <c>docker cp</c>.</summary>
/// <param name="session">Names the engine.</param>
/// <param name="reporter">Sees progress.</param>
public sealed class ContainerCopier(LabSession session, IReporter reporter) : IAsyncDisposable
{
    private const string StatHeader = "X-Docker-Container-Path-Stat";
    private const int MostLinks = 40;

    // An engine that stores on a slow disk takes its time with each piece.
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(5);

    private readonly ContainerStore store = new(session);
    private readonly VolumeDoors doors = new(session, reporter);

    /// <summary>Removes what was made to reach volumes.</summary>
    /// <returns>Done when nothing is left.</returns>
    public ValueTask DisposeAsync() => doors.DisposeAsync();

    /// <summary>Copies out of a container.</summary>
    /// <param name="source">Path in the container.</param>
    /// <param name="destination">Local path: a folder to copy into, or the new name.</param>
    /// <param name="followLink">Copies what a link points to, where the source is one.</param>
    /// <param name="cancellation">Gives up; the file that is being written does not stay.</param>
    /// <returns>What was copied.</returns>
    public async Task<LabContainerCopy> ReceiveAsync(ContainerPath source, string destination, bool followLink, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        (ContainerPath from, PathStat stat) = await ResolveAsync(source, followLink, cancellation);
        LocalTarget local = new(destination);
        local.RequireFolder();
        string target = local.PathFor(source.ToString(), stat.IsFolder, source.MeansContent ? null : source.Name.Length > 0 ? source.Name : source.Container);
        using ProgressMeter meter = new(reporter, $"Copying {source}");
        meter.Expect(0, stat.IsFolder ? 0 : stat.Size);
        await using EngineStream tar = await OpenAsync(from, cancellation);
        TarExtraction extraction = new(target, "the Docker Engine", meter, reporter);
        await extraction.RunAsync(tar, source.ToString(), cancellation);
        return new LabContainerCopy(source.ToString(), target, extraction.Files, extraction.Bytes, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Copies into a container.</summary>
    /// <param name="source">Local path.</param>
    /// <param name="destination">Path in the container: a folder to copy into, or the new name.</param>
    /// <param name="followLink">Copies what a link points to, where the source is one.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>What was copied.</returns>
    public async Task<LabContainerCopy> SendAsync(string source, ContainerPath destination, bool followLink, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        LocalSource local = LocalSource.Find(source, followLink);
        (string folder, string name) = await TargetAsync(destination, local.Name, local.IsFolder, local.IsContent, cancellation);
        using ProgressMeter meter = new(reporter, $"Copying to {destination}");
        TarCreation creation = new(meter, reporter);
        await PutAsync(destination with { Path = folder }, (stream, token) => creation.RunAsync(local.File, name, stream, token), cancellation);
        return new LabContainerCopy(source, Whole(destination, folder, name), creation.Files, creation.Bytes, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Copies from one container to another.</summary>
    /// <param name="source">Path in a container.</param>
    /// <param name="destination">Path in another one, or in the same.</param>
    /// <param name="followLink">Copies what a link points to, where the source is one.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>What was copied.</returns>
    public async Task<LabContainerCopy> TransferAsync(ContainerPath source, ContainerPath destination, bool followLink, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        (ContainerPath from, PathStat stat) = await ResolveAsync(source, followLink, cancellation);
        (string folder, string name) = await TargetAsync(destination, source.Name, stat.IsFolder, source.MeansContent, cancellation);
        using ProgressMeter meter = new(reporter, $"Copying {source} to {destination}");
        ContainerPath target = destination with { Path = folder };
        TarRenaming renaming = new(name, meter);
        if (await SameAsync(from, target, cancellation))
        {
            RefuseInside(source, destination, from.Path, $"{folder}/{name}");

            // The engine holds the container while it reads from it, and writes to it only then.
            await using FileStream spool = CreateSpool();
            try
            {
                await using EngineStream whole = await OpenAsync(from, cancellation);
                await renaming.RunAsync(whole, spool, cancellation);
            }
            catch (IOException e) when (e is not EndOfStreamException)
            {
                throw Unspooled(e);
            }

            spool.Position = 0;
            await PutAsync(target, (stream, token) => spool.CopyToAsync(stream, 256 << 10, token), cancellation);
        }
        else
        {
            await using EngineStream tar = await OpenAsync(from, cancellation);
            await PutAsync(target, (stream, token) => renaming.RunAsync(tar, stream, token), cancellation);
        }

        return new LabContainerCopy(source.ToString(), Whole(destination, folder, name), renaming.Files, renaming.Bytes, Stopwatch.GetElapsedTime(start));
    }

    private static void RefuseInside(ContainerPath source, ContainerPath destination, string from, string to)
    {
        string[] outer = [.. Parts(from)], inner = [.. Parts(to)];
        if (inner.Length >= outer.Length && outer.SequenceEqual(inner[..outer.Length]))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "CopyIntoItself", $"'{source}' cannot be copied to '{destination}', which is the same or lies in it.") { Target = source.ToString() };
        }
    }

    private static FileStream CreateSpool()
    {
        try
        {
            return SpoolFile.Create(Path.Combine(Path.GetTempPath(), $"cloudlab-copy-{Guid.NewGuid():N}.tar"), 256 << 10, FileOptions.Asynchronous);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unspooled(e);
        }
    }

    private static LabException Unspooled(Exception e) => new(
        LabErrorKind.WriteFailed, "FileUnwritable", $"A copy within a container or volume waits in '{Path.GetTempPath()}', which cannot be written: {e.Message.TrimEnd('.')}.", e) { Target = Path.GetTempPath() };

    // A container has a name and an id, and any beginning of it.
    private async Task<bool> SameAsync(ContainerPath one, ContainerPath other, CancellationToken cancellation) =>
        one.IsVolume == other.IsVolume
        && (one.Container == other.Container
            || (!one.IsVolume && (await store.FindAsync(one.Container, cancellation)).Id == (await store.FindAsync(other.Container, cancellation)).Id));

    private static string Whole(ContainerPath destination, string folder, string name) =>
        (destination with { Path = name == "." ? folder.TrimEnd('/') : $"{folder.TrimEnd('/')}/{name}" }).ToString();

    // Where to put what: the folder that the engine unpacks in, and the name of the first entry.
    private async Task<(string Folder, string Name)> TargetAsync(ContainerPath destination, string name, bool isFolder, bool content, CancellationToken cancellation)
    {
        // Whether it is a folder is looked at below: of a file, the engine takes no path that ends as one of a folder.
        string bare = (destination.MeansContent ? destination.Path[..^2] : destination.Path).TrimEnd('/');
        ContainerPath resolved = await InsideAsync(destination with { Path = bare.Length > 0 ? bare : "/" }, cancellation);
        PathStat? stat = await TryStatAsync(resolved, cancellation);
        for (int links = 0; stat is { IsLink: true } && links < MostLinks; links++)
        {
            resolved = await InsideAsync(resolved with { Path = Follow(resolved, stat.LinkTarget) }, cancellation);
            stat = await TryStatAsync(resolved, cancellation);
        }

        if (stat is { IsFolder: true })
        {
            return (resolved.Path, content ? "." : name);
        }

        if (stat is not null)
        {
            return isFolder || destination.MeansFolder
                ? throw new LabException(LabErrorKind.WriteFailed, "DestinationIsFile", $"'{destination}' is a file, and a folder is needed.") { Target = destination.ToString() }
                : (resolved.Parent, resolved.Name);
        }

        if (destination.MeansFolder && !isFolder)
        {
            throw new LabException(LabErrorKind.WriteFailed, "DestinationNotFound", $"There is no folder '{destination}'.") { Target = destination.ToString() };
        }

        ContainerPath above = resolved with { Path = resolved.Parent };
        return await TryStatAsync(above, cancellation) switch
        {
            null => throw new LabException(LabErrorKind.WriteFailed, "DestinationNotFound", $"There is no folder '{above}'.") { Target = destination.ToString() },
            { IsFolder: false, IsLink: false } => throw new LabException(LabErrorKind.WriteFailed, "DestinationIsFile", $"'{above}' is a file, and a folder is needed.") { Target = destination.ToString() },
            _ => (resolved.Parent, resolved.Name),
        };
    }

    private async Task<(ContainerPath Path, PathStat Stat)> ResolveAsync(ContainerPath source, bool followLink, CancellationToken cancellation)
    {
        ContainerPath path = await InsideAsync(source, cancellation);
        for (int links = 0; ; links++)
        {
            PathStat stat = await TryStatAsync(path, cancellation) ?? throw new LabException(
                LabErrorKind.NotFound, "ContainerPathNotFound", $"There is no '{path.Path}' in {path.Place}{(links > 0 ? $", to which the link '{source}' leads" : "")}.")
            {
                Target = source.ToString(),
            };
            if (!stat.IsLink || !(followLink || source.MeansFolder))
            {
                return (path, stat);
            }

            if (links == MostLinks)
            {
                throw Loop(source);
            }

            path = await InsideAsync(path with { Path = Follow(path, stat.LinkTarget) }, cancellation);
        }
    }

    private static LabException Loop(ContainerPath source) =>
        new(LabErrorKind.InvalidData, "ContainerLinkLoop", $"The link '{source}' leads in a circle.") { Target = source.ToString() };

    // Of a volume only: the engine resolves the folders on the way within the container that holds it, where '..' or an absolute link would lead out of the volume.
    private async Task<ContainerPath> InsideAsync(ContainerPath path, CancellationToken cancellation)
    {
        if (!path.IsVolume)
        {
            return path;
        }

        string done = "";
        List<string> left = Parts(path.Path);
        for (int links = 0; left.Count > 1;)
        {
            ContainerPath next = path with { Path = $"{done}/{left[0]}" };
            left.RemoveAt(0);
            if (await TryStatAsync(next, cancellation) is not { IsLink: true } stat)
            {
                done = next.Path;
                continue;
            }

            if (++links > MostLinks)
            {
                throw Loop(path);
            }

            left.InsertRange(0, Parts(Follow(next, stat.LinkTarget)));
            done = "";
        }

        return path with { Path = left.Count == 0 ? done + "/" : $"{done}/{left[0]}" };
    }

    // The engine resolves the folders on the way within the container; a link at the end is ours to follow, and stays below its root.
    private static string Follow(ContainerPath link, string target)
    {
        string joined = target.StartsWith('/') ? target : $"{link.Parent.TrimEnd('/')}/{target}";
        return "/" + string.Join('/', Parts(joined));
    }

    // The parts of a path that stays below its root.
    private static List<string> Parts(string joined)
    {
        List<string> parts = [];
        foreach (string part in joined.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("." or ".."))
            {
                parts.Add(part);
            }
        }

        return parts;
    }

    private async Task<PathStat?> TryStatAsync(ContainerPath path, CancellationToken cancellation)
    {
        EngineStream answer;
        string archive = await ArchiveAsync(path, cancellation);
        try
        {
            answer = await store.Engine.OpenAsync(HttpMethod.Head, archive, null, Silence, cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            // The answer to HEAD has no words: either the path or the container is not there.
            if (!path.IsVolume)
            {
                await FindContainerAsync(path, cancellation);
            }

            return null;
        }
        catch (LabException e) when (e.StatusCode == 500 && path.Path.TrimEnd('/').Length > 0)
        {
            // Nor has it for a file on the way, where a folder has to be.
            string above = path.Path.EndsWith('/') ? path.Path.TrimEnd('/') : path.Parent;
            if (await TryStatAsync(path with { Path = above }, cancellation) is null or { IsFolder: false, IsLink: false })
            {
                return null;
            }

            throw;
        }

        await using (answer)
        {
            try
            {
                return PathStat.Parse(answer.Header(StatHeader));
            }
            catch (Exception e) when (e is FormatException or JsonException)
            {
                throw store.Engine.Unreadable($"containers/{path.Container}/archive", e);
            }
        }
    }

    private async Task FindContainerAsync(ContainerPath path, CancellationToken cancellation)
    {
        try
        {
            await store.FindAsync(path.Container, cancellation);
        }
        catch (LabException e) when (e.Code == "ContainerNotFound")
        {
            throw !await doors.IsVolumeAsync(path.Container, cancellation) ? e : new LabException(
                LabErrorKind.NotFound, e.Code, $"There is no container '{path.Container}' in the Docker Engine, but a volume: write {path with { IsVolume = true }}.", e)
            {
                Target = path.ToString(),
            };
        }
    }

    private async Task<EngineStream> OpenAsync(ContainerPath path, CancellationToken cancellation) =>
        await store.Engine.OpenAsync(HttpMethod.Get, await ArchiveAsync(path, cancellation), null, Silence, cancellation);

    private async Task PutAsync(ContainerPath folder, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        string archive = await ArchiveAsync(folder, cancellation);
        try
        {
            await using EngineStream answer = await store.Engine.OpenAsync(
                HttpMethod.Put, archive + "&noOverwriteDirNonDir=1", EngineContent.Tar(write), Silence, cancellation);
        }
        catch (LabException e) when (e.ServiceMessage?.Contains("read-only", StringComparison.OrdinalIgnoreCase) == true)
        {
            throw new LabException(
                LabErrorKind.AccessDenied, "ContainerReadOnly", $"The file system of {folder.Place} is read-only at '{folder.Path}'.", e) { Target = folder.Container };
        }
    }

    private async Task<string> ArchiveAsync(ContainerPath path, CancellationToken cancellation)
    {
        ContainerPath real = path.IsVolume ? await doors.OpenAsync(path, cancellation) : path;
        return $"containers/{Uri.EscapeDataString(real.Container)}/archive?path={Uri.EscapeDataString(real.Path)}";
    }

    private sealed record PathStat(string Name, long Size, uint Mode, string LinkTarget)
    {
        // Go's own bits, not those of the kernel.
        public bool IsFolder => (Mode & (1u << 31)) != 0;

        public bool IsLink => (Mode & (1u << 27)) != 0;

        public static PathStat Parse(string? header)
        {
            using JsonDocument json = JsonDocument.Parse(Convert.FromBase64String(header ?? throw new FormatException("There is no " + StatHeader + ".")));
            JsonElement root = json.RootElement;
            return new PathStat(
                EngineMessage.Text(root, "name") ?? "",
                root.TryGetProperty("size", out JsonElement size) && size.TryGetInt64(out long bytes) ? bytes : 0,
                root.TryGetProperty("mode", out JsonElement mode) && mode.TryGetUInt32(out uint bits) ? bits : throw new FormatException("There is no mode."),
                EngineMessage.Text(root, "linkTarget") ?? "");
        }
    }
}
