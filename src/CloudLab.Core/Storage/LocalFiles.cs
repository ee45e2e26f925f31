using System.Buffers;
using CloudLab.Core.Errors;
using CloudLab.Core.Storage.Wire;
using Microsoft.Win32.SafeHandles;

namespace CloudLab.Core.Storage;

/// <summary>The local side of transfers: which files a folder holds, and what their errors mean.</summary>
public static class LocalFiles
{
    private const int NoSpaceOnUnix = 28;
    private const int NoSpaceOnWindows = unchecked((int)0x80070070);

    /// <summary>
    /// All files in a folder and the folders in it, with names relative to it. Links to files are followed, links to
    /// folders are not. A folder that cannot be read is a problem of its own; the others go on.
    /// </summary>
    /// <param name="folder">Full path.</param>
    /// <param name="problem">Hears of folders that cannot be read.</param>
    /// <returns>Full path, and relative name with slashes.</returns>
    public static IEnumerable<(string Path, string Name)> Under(string folder, Action<LabException> problem)
    {
        Stack<(DirectoryInfo Folder, string Name)> open = new([(new DirectoryInfo(folder), "")]);
        while (open.TryPop(out (DirectoryInfo Folder, string Name) current))
        {
            FileSystemInfo[] entries;
            try
            {
                entries = current.Folder.GetFileSystemInfos();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problem(CannotRead(current.Folder.FullName, e));
                continue;
            }

            Array.Sort(entries, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
            foreach (FileSystemInfo entry in entries)
            {
                if (entry is FileInfo)
                {
                    yield return (entry.FullName, current.Name + entry.Name);
                }
            }

            for (int i = entries.Length - 1; i >= 0; i--)
            {
                FileSystemInfo entry = entries[i];
                if (entry is DirectoryInfo inner && (entry.Attributes & FileAttributes.ReparsePoint) == 0)
                {
                    open.Push((inner, current.Name + entry.Name + "/"));
                }
            }
        }
    }

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

    /// <summary>The error of a file or folder that cannot be read.</summary>
    /// <param name="path">Full path.</param>
    /// <param name="cause">What .NET threw.</param>
    /// <returns>The exception.</returns>
    internal static LabException CannotRead(string path, Exception cause) => cause switch
    {
        FileNotFoundException or DirectoryNotFoundException =>
            new LabException(LabErrorKind.NotFound, "FileNotFound", $"'{path}' does not exist.", cause) { Target = path },
        UnauthorizedAccessException => new LabException(
            LabErrorKind.ReadFailed, "FileAccessDenied", $"'{path}' may not be read.", cause) { Target = path },
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
            new LabException(LabErrorKind.WriteFailed, "FileAccessDenied", $"'{path}' may not be written.", cause) { Target = path },
        _ => new LabException(LabErrorKind.WriteFailed, "FileWriteFailed", $"'{path}' cannot be written: {OneLine(cause)}", cause) { Target = path },
    };

    /// <summary>The error of a file that is not what it was when its upload began.</summary>
    /// <param name="path">Full path.</param>
    /// <returns>The exception.</returns>
    internal static LabException Changed(string path) =>
        new(LabErrorKind.ReadFailed, "FileChanged", $"'{path}' changed while it was read: send it again.") { Target = path };

    private static string OneLine(Exception e) => e.Message.ReplaceLineEndings(" ");
}
