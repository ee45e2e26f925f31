using System.Runtime.CompilerServices;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>Lists what is in a build context, in the order in which a build sends it.</summary>
public static class BuildContext
{
    /// <summary>Lists a context.</summary>
    /// <param name="folder">Full path of the context.</param>
    /// <param name="dockerfile">Full path of the Dockerfile, whose own ignore file counts if there is one; null for the one in the context.</param>
    /// <param name="ignored">True for what is left out, false for what is sent.</param>
    /// <param name="onUnreadable">Told of each folder that cannot be read.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The entries. Throws <see cref="LabException"/> (<c>BuildContextNotFound</c>, <c>DockerignoreInvalid</c>).</returns>
    public static async IAsyncEnumerable<LabBuildContextItem> ListAsync(
        string folder, string? dockerfile, bool ignored, Action<LabException> onUnreadable, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (!Directory.Exists(folder))
        {
            throw new LabException(
                LabErrorKind.NotFound, "BuildContextNotFound",
                File.Exists(folder) ? $"'{folder}' is a file: -Path takes the folder of the build context, -Dockerfile the file." : $"There is no folder '{folder}': -Path takes the folder of the build context.") { Target = folder };
        }

        ContextWalk walk = new(IgnoreFile.Find(folder, dockerfile ?? Path.Combine(folder, "Dockerfile")), ignored, onUnreadable, cancellation);
        await Task.CompletedTask;
        foreach (LabBuildContextItem item in walk.Folder(new DirectoryInfo(folder), "", default))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return item;
        }
    }

    private sealed class ContextWalk(IgnoreFile ignore, bool ignored, Action<LabException> onUnreadable, CancellationToken cancellation)
    {
        // Deep trees are rare, and each level is one iterator.
        public IEnumerable<LabBuildContextItem> Folder(DirectoryInfo folder, string prefix, IgnoreState state)
        {
            foreach (FileSystemInfo entry in Entries(folder))
            {
                cancellation.ThrowIfCancellationRequested();
                string path = prefix + entry.Name;
                (bool left, IgnorePattern? by, IgnoreState inner) = ignore.Decide(path, state);
                if (entry is not DirectoryInfo child || entry.LinkTarget is not null)
                {
                    if (left == ignored)
                    {
                        yield return Item(entry, path, left, by);
                    }

                    continue;
                }

                if (left && !ignore.MayReach(path))
                {
                    if (ignored)
                    {
                        (long length, long files) = Total(child);
                        yield return Item(entry, path, left, by, length, files);
                    }

                    continue;
                }

                bool empty = true;
                foreach (LabBuildContextItem item in Folder(child, path + "/", inner))
                {
                    empty = false;
                    yield return item;
                }

                // A folder comes with what is in it; alone it is sent where it is not left out itself.
                if (empty && !left && !ignored)
                {
                    yield return Item(entry, path, left, by);
                }
            }
        }

        private LabBuildContextItem Item(FileSystemInfo entry, string path, bool left, IgnorePattern? by, long? length = null, long files = 0)
        {
            string? target = entry.LinkTarget;
            bool folder = entry is DirectoryInfo && target is null;
            return new()
            {
                Path = path,
                Length = length ?? (entry is FileInfo file && target is null ? file.Length : 0),
                Kind = target is not null ? BuildContextKind.Link : folder ? BuildContextKind.Folder : BuildContextKind.File,
                LinkTarget = target,
                Ignored = left,
                Pattern = by?.Source,
                PatternLine = by?.Line,
                IgnoreFile = ignore.Path,
                FileCount = folder ? files : 1,
                FullName = entry.FullName,
            };
        }

        private FileSystemInfo[] Entries(DirectoryInfo folder)
        {
            try
            {
                return [.. folder.EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false }).OrderBy(entry => entry.Name, StringComparer.Ordinal)];
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                onUnreadable(new LabException(LabErrorKind.ReadFailed, "FolderUnreadable", $"'{folder.FullName}' cannot be read: {e.Message.TrimEnd('.')}.", e) { Target = folder.FullName });
                return [];
            }
        }

        private (long Length, long Files) Total(DirectoryInfo folder)
        {
            long length = 0, files = 0;
            EnumerationOptions options = new() { AttributesToSkip = 0, IgnoreInaccessible = true, RecurseSubdirectories = true };
            System.IO.Enumeration.FileSystemEnumerable<long> sizes = new(
                folder.FullName, (ref System.IO.Enumeration.FileSystemEntry entry) => entry.Attributes.HasFlag(FileAttributes.ReparsePoint) ? 0 : entry.Length, options)
            {
                ShouldIncludePredicate = (ref System.IO.Enumeration.FileSystemEntry entry) => !entry.IsDirectory,
                ShouldRecursePredicate = (ref System.IO.Enumeration.FileSystemEntry entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
            };
            foreach (long size in sizes)
            {
                cancellation.ThrowIfCancellationRequested();
                length += size;
                files++;
            }

            return (length, files);
        }
    }
}
