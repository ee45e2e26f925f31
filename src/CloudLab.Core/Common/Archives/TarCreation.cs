using System.Formats.Tar;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Common.Archives;

/// <summary>Writes local files as a tar while it is sent.</summary>
/// <param name="meter">Counts.</param>
/// <param name="reporter">Hears what is left out.</param>
/// <param name="format">Format of the entries: the tar of BusyBox reads long names in that of GNU only.</param>
internal sealed class TarCreation(ProgressMeter meter, IReporter reporter, TarEntryFormat format = TarEntryFormat.Pax)
{
    private const UnixFileMode WindowsMode = (UnixFileMode)0b111_101_101;

    // A tar has none.
    private const TarEntryType Socket = (TarEntryType)'s';

    /// <summary>Files so far.</summary>
    public long Files { get; private set; }

    /// <summary>Their bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Writes a file, or a folder with all that is in it. Links stay links.</summary>
    /// <param name="file">The file or folder.</param>
    /// <param name="name">Its name in the tar.</param>
    /// <param name="stream">Where to.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="last">Name of an empty file at the end, which shows that all has come; none if null.</param>
    /// <returns>Done when all is written.</returns>
    public async Task RunAsync(FileSystemInfo file, string name, Stream stream, CancellationToken cancellation, string? last = null)
    {
        await using BufferedStream buffered = new(stream, 256 << 10);
        await using TarWriter writer = new(buffered, format, leaveOpen: true);
        await WriteAsync(writer, file, name, cancellation);
        if (last is not null)
        {
            await writer.WriteEntryAsync(Make(TarEntryType.RegularFile, last), cancellation);
        }
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

            if (await OtherTypeAsync(file, cancellation) is { } type)
            {
                if (type == TarEntryType.Fifo)
                {
                    await writer.WriteEntryAsync(Entry(type, file, name, null), cancellation);
                }
                else
                {
                    reporter.Warning($"'{file.FullName}' is not copied: it is no file ({(type == Socket ? "Socket" : type)}).");
                }

                return;
            }

            await using FileStream content = new(file.FullName, new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 0 });
            TarEntry entry = Entry(TarEntryType.RegularFile, file, name, null);
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

    // Null for a regular file. Opening a pipe waits for who writes into it, and only the tar of the runtime tells without opening; none of the others has a length.
    private static async Task<TarEntryType?> OtherTypeAsync(FileSystemInfo file, CancellationToken cancellation)
    {
        if (OperatingSystem.IsWindows() || file is not FileInfo { Length: 0 })
        {
            return null;
        }

        using MemoryStream probe = new();
        await using (TarWriter writer = new(probe, TarEntryFormat.Pax, leaveOpen: true))
        {
            try
            {
                await writer.WriteEntryAsync(file.FullName, "probe", cancellation);
            }
            catch (IOException e) when (e.GetType() == typeof(IOException))
            {
                return Socket;
            }
        }

        probe.Position = 0;
        await using TarReader reader = new(probe);
        return await reader.GetNextEntryAsync(copyData: false, cancellation) is { EntryType: not TarEntryType.RegularFile } entry ? entry.EntryType : null;
    }

    // What is copied into a container belongs to its root, as with docker cp.
    private TarEntry Entry(TarEntryType type, FileSystemInfo file, string name, string? link)
    {
        TarEntry entry = Make(type, name);
        entry.Mode = OperatingSystem.IsWindows() ? WindowsMode : file.UnixFileMode;
        entry.ModificationTime = file.LastWriteTimeUtc;
        if (link is not null)
        {
            entry.LinkName = link;
        }

        return entry;
    }

    private TarEntry Make(TarEntryType type, string name) => format == TarEntryFormat.Gnu ? new GnuTarEntry(type, name) : new PaxTarEntry(type, name);
}
