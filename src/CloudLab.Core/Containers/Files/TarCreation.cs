using System.Formats.Tar;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Containers.Files;

/// <summary>Writes local files as a tar while it is sent.</summary>
/// <param name="meter">Counts.</param>
internal sealed class TarCreation(ProgressMeter meter)
{
    private const UnixFileMode WindowsMode = (UnixFileMode)0b111_101_101;

    /// <summary>Files so far.</summary>
    public long Files { get; private set; }

    /// <summary>Their bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Writes a file, or a folder with all that is in it. Links stay links.</summary>
    /// <param name="file">The file or folder.</param>
    /// <param name="name">Its name in the tar.</param>
    /// <param name="stream">Where to.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Done when all is written.</returns>
    public async Task RunAsync(FileSystemInfo file, string name, Stream stream, CancellationToken cancellation)
    {
        await using BufferedStream buffered = new(stream, 256 << 10);
        await using TarWriter writer = new(buffered, TarEntryFormat.Pax, leaveOpen: true);
        await WriteAsync(writer, file, name, cancellation);
    }

    private async Task WriteAsync(TarWriter writer, FileSystemInfo file, string name, CancellationToken cancellation)
    {
        try
        {
            if (file.LinkTarget is { } target)
            {
                await writer.WriteEntryAsync(Entry(TarEntryType.SymbolicLink, file, name, target.Replace('\\', '/')), cancellation);
                return;
            }

            if (file is DirectoryInfo folder)
            {
                await writer.WriteEntryAsync(Entry(TarEntryType.Directory, file, name + "/", null), cancellation);
                foreach (FileSystemInfo child in folder.EnumerateFileSystemInfos().OrderBy(f => f.Name, StringComparer.Ordinal))
                {
                    await WriteAsync(writer, child, $"{name}/{child.Name}", cancellation);
                }

                return;
            }

            if (!OperatingSystem.IsWindows() && (file.Attributes & FileAttributes.Device) != 0)
            {
                return;
            }

            await using FileStream content = new(file.FullName, new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 0 });
            PaxTarEntry entry = Entry(TarEntryType.RegularFile, file, name, null);
            entry.DataStream = content;
            await writer.WriteEntryAsync(entry, cancellation);
            Files++;
            Bytes += content.Length;
            meter.AddBytes(content.Length);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LabException(LabErrorKind.ReadFailed, "FileUnreadable", $"'{file.FullName}' cannot be read: {e.Message.TrimEnd('.')}.", e) { Target = file.FullName };
        }
    }

    // What is copied into a container belongs to its root, as with docker cp.
    private static PaxTarEntry Entry(TarEntryType type, FileSystemInfo file, string name, string? link)
    {
        PaxTarEntry entry = new(type, name)
        {
            Mode = OperatingSystem.IsWindows() ? WindowsMode : file.UnixFileMode,
            ModificationTime = file.LastWriteTimeUtc,
        };
        if (link is not null)
        {
            entry.LinkName = link;
        }

        return entry;
    }
}
