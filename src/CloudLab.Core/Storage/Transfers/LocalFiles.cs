using System.Buffers;
using System.Formats.Tar;
using System.IO.Enumeration;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Wire;
using Microsoft.Win32.SafeHandles;

namespace CloudLab.Core.Storage.Transfers;

/// <summary>The local side of transfers: which files a folder holds, and what their errors mean.</summary>
public static class LocalFiles
{
    private const string PartialStart = ".cloudlab-";

    /// <summary>How the name of an unfinished download ends.</summary>
    internal const string PartialEnd = ".part";
    private const int NoSpaceOnUnix = 28;
    private const int NoSpaceOnWindows = unchecked((int)0x80070070);

    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    /// <summary>
    /// All that is in a folder and the folders in it, in the order in which S3 lists keys of the same names; only one
    /// folder of each level is held in memory. Links to files are followed, links to folders are left out, and so are the
    /// unfinished downloads of this module. A folder that cannot be read is a problem of its own; the others go on.
    /// </summary>
    /// <param name="folder">Full path.</param>
    /// <param name="problem">Hears of folders that cannot be read.</param>
    /// <returns>Files, and each folder before what is in it.</returns>
    public static IEnumerable<LocalFile> Under(string folder, Action<LabException> problem)
    {
        Stack<IEnumerator<LocalFile>> open = new([Entries(folder, "", problem).GetEnumerator()]);
        while (open.TryPeek(out IEnumerator<LocalFile>? level))
        {
            if (!level.MoveNext())
            {
                open.Pop();
                continue;
            }

            LocalFile entry = level.Current;
            yield return entry;
            if (entry.IsFolder)
            {
                open.Push(Entries(folder, entry.Name, problem).GetEnumerator());
            }
        }
    }

    /// <summary>
    /// Why a file that was found in a folder cannot be uploaded, as far as that can be told without reading it. A pipe is only read where it is named itself:
    /// one that happens to lie in a folder may never end.
    /// </summary>
    /// <param name="path">Full path.</param>
    /// <param name="size">Its size, as <see cref="LocalFile.Size"/> tells.</param>
    /// <returns>The error, or null.</returns>
    public static LabException? Refusal(string path, long size)
    {
        // What is no file has no size, and neither has what may not be looked at.
        if (size > 0)
        {
            return null;
        }

        try
        {
            if (OperatingSystem.IsWindows())
            {
                using SafeFileHandle file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
                return null;
            }

            // .NET tells the kind of a file nowhere else: an archive's header has it, and to make one opens nothing but plain files.
            string target = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
            using MemoryStream header = new();
            using (TarWriter writer = new(header, leaveOpen: true))
            {
                try
                {
                    writer.WriteEntry(target, "file");
                }
                catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException) && File.Exists(target))
                {
                    // A socket, of which an archive knows nothing.
                    return NotAFile(path);
                }
            }

            header.Position = 0;
            using TarReader reader = new(header);
            return reader.GetNextEntry()?.EntryType is TarEntryType.RegularFile or TarEntryType.HardLink ? null : NotAFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return CannotRead(path, e);
        }
    }

    /// <summary>Whether a path names a device, which no rename may replace.</summary>
    /// <param name="path">Full path.</param>
    /// <returns>True for what lies in /dev or is a device of Windows.</returns>
    internal static bool IsDevice(string path) => OperatingSystem.IsWindows()
        ? path.StartsWith(@"\\.\", StringComparison.Ordinal)
        : path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/dev/shm/", StringComparison.Ordinal);

    /// <summary>Reads a piece of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="start">First byte.</param>
    /// <param name="length">Number of bytes.</param>
    /// <param name="take">Gets what is read; it is valid during the call only.</param>
    /// <returns>False where the file is shorter.</returns>
    internal static bool ReadPiece(SafeFileHandle file, long start, long length, S3Body.ReadOnlySpanAction take)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(S3Body.ChunkSize);
        try
        {
            for (long done = 0; done < length;)
            {
                int count = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(S3Body.ChunkSize, length - done)), start + done);
                if (count == 0)
                {
                    return false;
                }

                take(buffer.AsSpan(0, count));
                done += count;
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Writes into a file at a place.</summary>
    /// <param name="path">Its path, for errors.</param>
    /// <param name="file">The file.</param>
    /// <param name="data">The bytes.</param>
    /// <param name="at">Where the first of them goes.</param>
    internal static void Write(string path, SafeFileHandle file, ReadOnlySpan<byte> data, long at)
    {
        try
        {
            RandomAccess.Write(file, data, at);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(path, e);
        }
    }

    /// <summary>Name of a file that is downloaded, until it is complete.</summary>
    /// <param name="stem">What tells it from others; null for something that no other download has.</param>
    /// <returns>A name that uploads and syncs pass over.</returns>
    internal static string PartialName(string? stem = null) => PartialStart + (stem ?? Path.GetRandomFileName()) + PartialEnd;

    /// <summary>The error of a file or folder that cannot be read.</summary>
    /// <param name="path">Full path.</param>
    /// <param name="cause">What .NET threw.</param>
    /// <returns>The exception.</returns>
    internal static LabException CannotRead(string path, Exception cause) => cause switch
    {
        FileNotFoundException or DirectoryNotFoundException when path.Contains('\ufffd', StringComparison.Ordinal) => new LabException(
            LabErrorKind.NotFound, "FileNotFound", $"'{path}' cannot be read: its name is not UTF-8, as a key has to be. Rename it.", cause) { Target = path },
        FileNotFoundException or DirectoryNotFoundException when new FileInfo(path).LinkTarget is { } target => new LabException(
            LabErrorKind.NotFound, "FileNotFound", $"'{path}' is a link to '{target}', which does not exist.", cause) { Target = path },
        FileNotFoundException or DirectoryNotFoundException =>
            new LabException(LabErrorKind.NotFound, "FileNotFound", $"'{path}' does not exist.", cause) { Target = path },
        UnauthorizedAccessException => new LabException(
            LabErrorKind.ReadFailed, "FileAccessDenied", $"'{path}' cannot be read: access is denied.", cause) { Target = path },
        _ => new LabException(LabErrorKind.ReadFailed, "FileReadFailed", $"'{path}' cannot be read: {OneLine(cause)}", cause) { Target = path },
    };

    /// <summary>The error of a file or folder that cannot be written.</summary>
    /// <param name="path">Full path.</param>
    /// <param name="cause">What .NET threw.</param>
    /// <returns>The exception.</returns>
    internal static LabException CannotWrite(string path, Exception cause) => cause switch
    {
        IOException { HResult: NoSpaceOnUnix or NoSpaceOnWindows } =>
            new LabException(LabErrorKind.WriteFailed, "DiskFull", $"'{path}' cannot be written: the disk is full.", cause) { Target = path, StopsCommand = true },
        UnauthorizedAccessException =>
            new LabException(LabErrorKind.WriteFailed, "FileAccessDenied", $"'{path}' cannot be written: access is denied.", cause) { Target = path },
        _ => new LabException(LabErrorKind.WriteFailed, "FileWriteFailed", $"'{path}' cannot be written: {OneLine(cause)}", cause) { Target = path },
    };

    /// <summary>The error of a file that is not what it was when its upload began.</summary>
    /// <param name="path">Full path.</param>
    /// <returns>The exception.</returns>
    internal static LabException Changed(string path) =>
        new(LabErrorKind.ReadFailed, "FileChanged", $"'{path}' changed while it was being read: upload it again.") { Target = path };

    // Sorted with the slash that a key would go on with: "a/" comes after "a-b" and before "a0".
    private static List<LocalFile> Entries(string root, string parent, Action<LabException> problem)
    {
        string folder = new LocalFile(root, parent, 0, default).Path;
        try
        {
            List<LocalFile> entries =
            [
                .. new FileSystemEnumerable<LocalFile>(
                    folder,
                    (ref FileSystemEntry entry) => entry.IsDirectory
                        ? new LocalFile(root, string.Concat(parent, entry.FileName, "/"), 0, default)
                        : ToFile(root, parent + entry.FileName.ToString(), ref entry),
                    Everything)
                {
                    ShouldIncludePredicate = (ref FileSystemEntry entry) => entry.IsDirectory
                        ? (entry.Attributes & FileAttributes.ReparsePoint) == 0
                        : !(entry.FileName.StartsWith(PartialStart) && entry.FileName.EndsWith(PartialEnd)),
                },
            ];
            entries.Sort((a, b) => KeyOrder.Compare(a.Name.AsSpan(parent.Length), b.Name.AsSpan(parent.Length)));
            return entries;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem(CannotRead(Path.TrimEndingDirectorySeparator(folder), e));
            return [];
        }
    }

    private static LocalFile ToFile(string root, string name, ref FileSystemEntry entry)
    {
        if ((entry.Attributes & FileAttributes.ReparsePoint) == 0)
        {
            return new LocalFile(root, name, entry.Length, entry.LastWriteTimeUtc);
        }

        FileInfo? target;
        try
        {
            // Other reparse points than links (files kept in a cloud) have no target.
            target = (entry.ToFileSystemInfo().ResolveLinkTarget(returnFinalTarget: true) ?? entry.ToFileSystemInfo()) as FileInfo;
        }
        catch (IOException)
        {
            // A circle of links: reading the file will say so.
            target = null;
        }

        return target is { Exists: true }
            ? new LocalFile(root, name, target.Length, target.LastWriteTimeUtc)
            : new LocalFile(root, name, -1, default);
    }

    private static LabException NotAFile(string path) => new(
        LabErrorKind.ReadFailed, "NotAFile", $"'{path}' is not a regular file but a pipe, a socket or a device: exclude it; the data of a pipe can be sent with Send-LabObject -Path.")
    {
        Target = path,
    };

    private static string OneLine(Exception e) => e.Message.ReplaceLineEndings(" ");
}

/// <summary>A file or folder below a folder that is enumerated.</summary>
/// <param name="Root">Full path of the folder that was asked for.</param>
/// <param name="Name">Name relative to it, with slashes; that of a folder ends in one.</param>
/// <param name="Size">Bytes; of a link those of the file it leads to, -1 where it leads nowhere.</param>
/// <param name="LastWrite">When it was last written, UTC.</param>
public readonly record struct LocalFile(string Root, string Name, long Size, DateTimeOffset LastWrite)
{
    /// <summary>Whether it is a folder.</summary>
    public bool IsFolder => Name.EndsWith('/');

    /// <summary>Full path.</summary>
    public string Path => System.IO.Path.Join(Root, OperatingSystem.IsWindows() ? Name.Replace('/', '\\') : Name);
}
