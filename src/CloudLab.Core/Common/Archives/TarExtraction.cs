using System.Formats.Tar;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Common.Archives;

/// <summary>
/// Unpacks what a container gives, which nobody trusts: nothing is written outside the target, no link leads out of it, and nothing is written through a link.
/// </summary>
/// <param name="target">Path of the first entry.</param>
/// <param name="sender">Who gives it, for errors: <c>the Docker Engine</c>.</param>
/// <param name="meter">Counts.</param>
/// <param name="reporter">Hears what is left out.</param>
internal sealed class TarExtraction(string target, string sender, ProgressMeter meter, IReporter reporter)
{
    private readonly List<(string Path, DateTimeOffset Time, UnixFileMode Mode)> folders = [];
    private string? root;

    /// <summary>Files so far.</summary>
    public long Files { get; private set; }

    /// <summary>Their bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Unpacks.</summary>
    /// <param name="tar">The tar.</param>
    /// <param name="source">Where it comes from, for errors.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Done when all is written. Throws <see cref="LabException"/> (<c>TarUnsafe</c>, <c>TarInvalid</c>).</returns>
    public async Task RunAsync(Stream tar, string source, CancellationToken cancellation)
    {
        try
        {
            await using TarReader reader = new(tar, leaveOpen: true);
            while (await reader.GetNextEntryAsync(copyData: false, cancellation) is { } entry)
            {
                await TakeAsync(entry, source, cancellation);
            }

            // What is written into a folder changes its time, and its own rights may forbid it.
            for (int i = folders.Count - 1; i >= 0; i--)
            {
                SetMode(folders[i].Path, folders[i].Mode);
                Directory.SetLastWriteTimeUtc(folders[i].Path, folders[i].Time.UtcDateTime);
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new LabException(LabErrorKind.Corrupted, "TarInvalid", $"What {sender} sent of '{source}' is not a valid tar: {e.Message.TrimEnd('.')}.", e) { Target = source };
        }
        catch (UnauthorizedAccessException e)
        {
            throw new LabException(LabErrorKind.WriteFailed, "FileUnwritable", $"'{target}' cannot be written: {e.Message.TrimEnd('.')}.", e) { Target = target };
        }
    }

    private async Task TakeAsync(TarEntry entry, string source, CancellationToken cancellation)
    {
        string name = entry.Name.TrimEnd('/');
        string[] parts = name.Split('/');
        if (name.StartsWith('/') || Array.Exists(parts, part => part is "..") || (OperatingSystem.IsWindows() && name.IndexOfAny([':', '\\']) >= 0))
        {
            throw Unsafe(source, $"it has an entry '{entry.Name}'");
        }

        parts = Array.FindAll(parts, part => part is not (".." or "." or ""));
        root ??= parts.Length > 0 ? parts[0] : "";
        if (parts.Length > 0 && parts[0] != root && root.Length > 0)
        {
            throw Unsafe(source, $"it has an entry '{entry.Name}' beside '{root}'");
        }

        // The first part is the thing itself, whatever it is called here.
        string[] below = root.Length > 0 ? parts[1..] : parts;
        string path = below.Length == 0 ? target : Path.Join([target, .. below]);
        for (int i = 0; i < below.Length; i++)
        {
            string above = i == 0 ? target : Path.Join([target, .. below[..i]]);
            if (IsLink(above) && i > 0)
            {
                throw Unsafe(source, $"its entry '{entry.Name}' lies behind a link");
            }
        }

        switch (entry.EntryType)
        {
            case TarEntryType.Directory:
                if (IsLink(path) && below.Length > 0)
                {
                    File.Delete(path);
                }

                Directory.CreateDirectory(path);
                folders.Add((path, entry.ModificationTime, entry.Mode));
                break;

            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                await WriteAsync(entry, path, cancellation);
                break;

            case TarEntryType.SymbolicLink:
                if (below.Length > 0 && !StaysInside(below, entry.LinkName))
                {
                    reporter.Warning($"The link '{name}' -> '{entry.LinkName}' is not copied: it leads out of what is copied.");
                    break;
                }

                if (below.Length == 0)
                {
                    throw new LabException(
                        LabErrorKind.InvalidData, "SourceIsLink", $"'{source}' is a link to '{entry.LinkName}': use -FollowLink to copy what it points to.") { Target = source };
                }

                Remove(path);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.CreateSymbolicLink(path, entry.LinkName);
                break;

            case TarEntryType.HardLink:
                HardLink(entry, path, source);
                break;

            default:
                reporter.Warning($"'{name}' is not copied: it is no file ({entry.EntryType}).");
                break;
        }
    }

    private async Task WriteAsync(TarEntry entry, string path, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (IsLink(path))
        {
            File.Delete(path);
        }

        // Without its whole content a file does not get its name.
        string partial = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            await using (FileStream file = new(partial, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous, BufferSize = 0, PreallocationSize = entry.Length,
            }))
            {
                if (entry.DataStream is { } data)
                {
                    byte[] buffer = new byte[Math.Clamp(entry.Length, 1, 1 << 20)];
                    long left = entry.Length;
                    int count;
                    while ((count = await data.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation)) > 0)
                    {
                        await file.WriteAsync(buffer.AsMemory(0, count), cancellation);
                        meter.AddBytes(count);
                        left -= count;
                    }

                    if (left > 0)
                    {
                        // The reader takes the end of its stream for that of the content.
                        throw new EndOfStreamException($"It ends within '{entry.Name}'.");
                    }
                }
            }

            SetMode(partial, entry.Mode);
            File.SetLastWriteTimeUtc(partial, entry.ModificationTime.UtcDateTime);
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }

        Files++;
        Bytes += entry.Length;
    }

    private void HardLink(TarEntry entry, string path, string source)
    {
        string[] parts = entry.LinkName.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (Array.Exists(parts, part => part is "..") || parts.Length == 0 || (root!.Length > 0 && parts[0] != root))
        {
            throw Unsafe(source, $"its entry '{entry.Name}' is a link to '{entry.LinkName}'");
        }

        string other = Path.Join([target, .. root!.Length > 0 ? parts[1..] : parts]);
        for (string? above = other; above is not null && above.Length > target.Length; above = Path.GetDirectoryName(above))
        {
            if (IsLink(above))
            {
                throw Unsafe(source, $"its entry '{entry.Name}' is a link to '{entry.LinkName}', which lies behind another");
            }
        }

        Remove(path);
        File.Copy(other, path, overwrite: false);
        Files++;
    }

    private static bool StaysInside(string[] below, string link)
    {
        if (link.StartsWith('/') || (OperatingSystem.IsWindows() && (link.Contains(':', StringComparison.Ordinal) || link.StartsWith('\\'))))
        {
            return false;
        }

        int depth = below.Length - 1;
        foreach (string part in link.Split('/', '\\'))
        {
            depth += part switch
            {
                ".." => -1,
                "" or "." => 0,
                _ => 1,
            };
            if (depth < 0)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;

    private static void Remove(string path)
    {
        if (IsLink(path) || File.Exists(path))
        {
            File.Delete(path);
        }
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            // What lets a program act as another user has no business outside its container.
            File.SetUnixFileMode(path, (mode & (UnixFileMode)0b111_111_111) | UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private LabException Unsafe(string source, string why) => new(
        LabErrorKind.InvalidData, "TarUnsafe", $"What {sender} sent of '{source}' would write outside the destination: {why}. Nothing of it was written there.") { Target = source };
}
