using System.Collections.Concurrent;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Containers.Isolation;

/// <summary>Puts folders together with the kernel's overlay file system, and takes them apart.</summary>
public static class OverlayMounts
{
    private const string Table = "/proc/self/mountinfo";
    private const string WorkSuffix = ".work";

    // Of the kernel: one page of options, and so many layers.
    private const int MostOptions = 4095, MostLayers = 500;

    // Folders that were made for a mount, which go with it.
    private static readonly ConcurrentDictionary<string, bool> Made = new();

    /// <summary>Lists the overlays that are mounted.</summary>
    /// <returns>Overlays by path. Throws <see cref="LabException"/> (<c>LinuxNeeded</c>).</returns>
    public static IReadOnlyList<LabOverlay> All()
    {
        LinuxMachine.Require("Overlays are");
        return [.. MountTable.Read(Table).Where(mount => mount.Type == "overlay").Select(Of).OrderBy(overlay => overlay.Path, StringComparer.Ordinal)];
    }

    /// <summary>Finds an overlay.</summary>
    /// <param name="path">Where it is mounted.</param>
    /// <returns>The overlay. Throws <see cref="LabException"/> (<c>OverlayNotFound</c>).</returns>
    public static LabOverlay Find(string path) => All().LastOrDefault(overlay => overlay.Path == Bare(path)) ?? throw new LabException(
        LabErrorKind.NotFound, "OverlayNotFound", $"No overlay is mounted at '{path}'.") { Target = path, Advice = "Get-LabOverlay lists the overlays." };

    /// <summary>Checks folders before they are put together.</summary>
    /// <param name="lower">Read-only layers, the topmost first.</param>
    /// <param name="upper">The writable layer, or null.</param>
    /// <param name="work">The work folder, or null.</param>
    /// <param name="path">Where to mount.</param>
    /// <returns>The overlay as it will be. Throws <see cref="LabException"/> (<c>LinuxNeeded</c>, <c>RootNeeded</c>, <c>LayerNotFound</c>, <c>OverlayInvalid</c>).</returns>
    public static LabOverlay Plan(IReadOnlyList<string> lower, string? upper, string? work, string path)
    {
        LinuxMachine.Require("Overlays are");
        LinuxMachine.RequireRoot("Overlays");
        if (lower.FirstOrDefault(layer => !Directory.Exists(layer)) is { } missing)
        {
            throw new LabException(LabErrorKind.NotFound, "LayerNotFound", $"There is no folder '{missing}' to be a read-only layer.") { Target = missing };
        }

        LabOverlay overlay = new()
        {
            Path = Bare(path), LowerPath = [.. lower.Select(Bare)], UpperPath = upper is null ? null : Bare(upper),
            WorkPath = upper is null ? null : Bare(work ?? Bare(upper) + WorkSuffix), ReadOnly = upper is null,
        };
        string? problem =
            lower.Count > MostLayers ? $"the kernel takes {MostLayers} read-only layers at most, and these are {lower.Count}: put some of them together first"
            : upper is null && lower.Count < 2 ? "with one read-only layer and no writable one there is nothing to put together: give -UpperPath, or a second layer"
            : Options(overlay).Length > MostOptions ? "the paths together are longer than the kernel takes: use shorter ones"
            : overlay.UpperPath is not { } writable ? null
            : Overlaps(writable, overlay.WorkPath!) ? $"the writable layer and the work folder '{overlay.WorkPath}' must not be in one another"
            : overlay.LowerPath.FirstOrDefault(layer => Overlaps(writable, layer)) is { } below ? $"the writable layer and the read-only layer '{below}' must not be in one another"
            : null;
        return problem is null ? overlay : throw Invalid(overlay, problem);
    }

    /// <summary>Mounts an overlay. Folders that are missing are made, except for read-only layers.</summary>
    /// <param name="overlay">The overlay, from <see cref="Plan"/>.</param>
    /// <exception cref="LabException"><c>OverlayInvalid</c>, <c>OverlayFailed</c>.</exception>
    public static void Mount(LabOverlay overlay)
    {
        ArgumentNullException.ThrowIfNull(overlay);
        List<string> made = [];
        try
        {
            foreach (string folder in new[] { overlay.Path, overlay.UpperPath, overlay.WorkPath }.OfType<string>().Where(folder => !Directory.Exists(folder)))
            {
                Directory.CreateDirectory(folder);
                made.Add(folder);
            }

            int error = LinuxCalls.Mount("overlay", overlay.Path, "overlay", overlay.ReadOnly, Options(overlay));
            if (error != 0)
            {
                throw Explain(overlay, error);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            made.ForEach(folder => Remove(overlay, folder));
            throw new LabException(LabErrorKind.WriteFailed, "OverlayFailed", $"The folders for the overlay at '{overlay.Path}' cannot be made: {e.Message.TrimEnd('.')}.", e) { Target = overlay.Path };
        }
        catch
        {
            made.ForEach(folder => Remove(overlay, folder));
            throw;
        }

        // The writable layer is the user's, whoever made it.
        foreach (string folder in made.Where(folder => folder != overlay.UpperPath))
        {
            Made[folder] = true;
        }
    }

    /// <summary>Unmounts an overlay. The layers stay; the work folder and the mount folder go where <see cref="Mount"/> made them.</summary>
    /// <param name="overlay">The overlay, from <see cref="Find"/>.</param>
    /// <param name="force">Takes it away from what uses it.</param>
    /// <exception cref="LabException"><c>RootNeeded</c>, <c>OverlayBusy</c>, <c>OverlayFailed</c>.</exception>
    public static void Dismount(LabOverlay overlay, bool force)
    {
        ArgumentNullException.ThrowIfNull(overlay);
        LinuxMachine.RequireRoot("Overlays");
        int error = LinuxCalls.Unmount(overlay.Path, force);
        if (error == LinuxCalls.Busy)
        {
            string[] within = [.. MountTable.Read(Table).Select(mount => mount.Path).Where(path => path.StartsWith(overlay.Path + "/", StringComparison.Ordinal))];
            IReadOnlyList<string> users = new ProcessFiles().Users(overlay.Path);
            string why = users.Count > 0 ? $"used by {SomeOf.Names(users, 5)}" : within.Length > 0 ? $"there is a mount within it ({within[0]})" : "something uses it";
            throw new LabException(LabErrorKind.Conflict, "OverlayBusy", $"The overlay at '{overlay.Path}' is in use: {why}.")
            {
                Target = overlay.Path, Advice = "End what uses it, or use -Force: the folder is free at once then, and the overlay ends with its last user.",
            };
        }

        if (error != 0)
        {
            throw new LabException(LabErrorKind.WriteFailed, "OverlayFailed", $"The overlay at '{overlay.Path}' cannot be unmounted: {LinuxCalls.Words(error)}.") { Target = overlay.Path };
        }

        foreach (string folder in new[] { overlay.Path, overlay.WorkPath }.OfType<string>().Where(folder => Made.TryRemove(folder, out _)))
        {
            Remove(overlay, folder);
        }
    }

    /// <summary>Lists what the writable layer of an overlay changes, by path.</summary>
    /// <param name="overlay">The overlay.</param>
    /// <returns>Changes; none where it has no writable layer. Directories that only lead to changes are none themselves.</returns>
    public static IEnumerable<LabOverlayChange> Changes(LabOverlay overlay)
    {
        ArgumentNullException.ThrowIfNull(overlay);
        return overlay.UpperPath is { } upper ? Changes(overlay, upper, "", true) : [];
    }

    private static IEnumerable<LabOverlayChange> Changes(LabOverlay overlay, string folder, string path, bool merged)
    {
        foreach (string file in Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal))
        {
            string inside = $"{path}/{Path.GetFileName(file)}";
            LinuxCalls.FileStatus now = LinuxCalls.Look(file);
            string? lower = merged ? Below(overlay, inside) : null;
            bool isDirectory = now.Kind == LinuxCalls.FileKind.Directory;
            bool opaque = isDirectory && Mark(file, "opaque") == "y";
            LinuxCalls.FileStatus before = lower is null ? default : LinuxCalls.Look(lower);
            (string Change, string Mechanism)? change =
                IsWhiteout(file, now) ? ("Deleted", "Whiteout")
                : lower is null ? ("Added", "New")
                : isDirectory && (opaque || before.Kind != LinuxCalls.FileKind.Directory) ? ("Replaced", opaque ? "Opaque" : "New")
                : !isDirectory ? ("Modified", before.Kind == now.Kind ? "CopyUp" : "New")
                : (now.Mode, now.User, now.Group) != (before.Mode, before.User, before.Group) ? ("Modified", "CopyUp")
                : null;
            if (change is { } found)
            {
                yield return new LabOverlayChange
                {
                    Overlay = overlay.Path, Change = found.Change, Mechanism = found.Mechanism, Path = inside, UpperPath = file, LowerPath = lower,
                    Size = isDirectory || found.Change == "Deleted" ? 0 : now.Size,
                };
            }

            if (isDirectory)
            {
                bool deeper = lower is not null && !opaque && before.Kind == LinuxCalls.FileKind.Directory;
                foreach (LabOverlayChange further in Changes(overlay, file, inside, deeper))
                {
                    yield return further;
                }
            }
        }
    }

    // A whiteout, or an opaque directory, in a read-only layer hides what is below it as well.
    private static string? Below(LabOverlay overlay, string path)
    {
        foreach (string layer in overlay.LowerPath)
        {
            string at = layer;
            bool hidden = false;
            foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                hidden |= Mark(at, "opaque") == "y";
                at = Path.Combine(at, name);
                if (IsWhiteout(at, LinuxCalls.Look(at)))
                {
                    return null;
                }
            }

            if (LinuxCalls.Look(at).Kind != LinuxCalls.FileKind.None)
            {
                return at;
            }

            if (hidden)
            {
                return null;
            }
        }

        return null;
    }

    private static bool IsWhiteout(string file, LinuxCalls.FileStatus status) =>
        (status.Kind == LinuxCalls.FileKind.CharacterDevice && status.DeviceNumber == 0)
        || (status.Kind == LinuxCalls.FileKind.File && status.Size == 0 && Mark(file, "whiteout") is not null);

    // A mount within a user namespace has its marks among the user's attributes.
    private static string? Mark(string file, string name) => LinuxCalls.Attribute(file, "trusted.overlay." + name) ?? LinuxCalls.Attribute(file, "user.overlay." + name);

    private static LabOverlay Of(MountEntry mount) => new()
    {
        Path = mount.Path, LowerPath = mount.Lower, UpperPath = mount.Upper, WorkPath = mount.Work, ReadOnly = mount.ReadOnly || mount.Upper is null,
    };

    private static string Options(LabOverlay overlay) =>
        $"lowerdir={string.Join(':', overlay.LowerPath.Select(Escaped))}{(overlay.UpperPath is { } upper ? $",upperdir={Escaped(upper)},workdir={Escaped(overlay.WorkPath!)}" : "")}";

    private static string Escaped(string path) =>
        path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal);

    private static string Bare(string path) => path.Length > 1 ? path.TrimEnd('/') : path;

    private static bool Overlaps(string one, string other) => Within(one, other) || Within(other, one);

    private static bool Within(string path, string folder) => (path + "/").StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);

    private static LabException Invalid(LabOverlay overlay, string problem) =>
        new(LabErrorKind.InvalidData, "OverlayInvalid", $"The overlay at '{overlay.Path}' cannot be mounted: {problem}.") { Target = overlay.Path };

    private static LabException Explain(LabOverlay overlay, int error)
    {
        MountEntry? upper = overlay.UpperPath is { } writable ? MountTable.Of(Table, writable) : null;
        bool apart = overlay.UpperPath is not null && LinuxCalls.Look(overlay.UpperPath).FileSystem != LinuxCalls.Look(overlay.WorkPath!).FileSystem;
        return Invalid(overlay, error switch
        {
            LinuxCalls.NotPermitted or LinuxCalls.AccessDenied => "the kernel does not permit it here, as within a container",
            LinuxCalls.NoDevice => "the kernel has no overlay file system (modprobe overlay)",
            LinuxCalls.Busy => "the writable layer or the work folder belongs to another overlay that is mounted: give others",
            LinuxCalls.TooManyLinks => "a layer is a link in a circle",
            LinuxCalls.Stale => "the writable layer was used with other read-only layers before: give an empty one",
            LinuxCalls.Invalid when apart => $"the work folder '{overlay.WorkPath}' must be on the file system of the writable layer",
            LinuxCalls.Invalid when upper is { Type: "overlay" or "nfs" or "nfs4" or "vfat" or "fuse" or "9p" or "virtiofs" } =>
                $"'{overlay.UpperPath}' is on a file system ({upper.Type}) that cannot be a writable layer: use a folder on ext4, xfs, btrfs or tmpfs",
            LinuxCalls.Invalid => "the kernel refuses these folders: a layer may be on an overlay already, or on a file system without extended attributes (dmesg says more)",
            _ => LinuxCalls.Words(error),
        });
    }

    // The kernel leaves files of its own in the work folder. What somebody put into the folder of the mount is not ours.
    private static void Remove(LabOverlay overlay, string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: folder == overlay.WorkPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is in use.
        }
    }
}
