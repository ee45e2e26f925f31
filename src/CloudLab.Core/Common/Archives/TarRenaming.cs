using System.Formats.Tar;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Common.Archives;

/// <summary>Writes the tar that one container gives as the one that another takes: with a new name for its first entry.</summary>
/// <param name="name">The new name; <c>.</c> for the content alone.</param>
/// <param name="meter">Counts.</param>
internal sealed class TarRenaming(string name, ProgressMeter meter)
{
    /// <summary>Files so far.</summary>
    public long Files { get; private set; }

    /// <summary>Their bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Writes it.</summary>
    /// <param name="tar">The tar that comes.</param>
    /// <param name="stream">Where to.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Done when all is written.</returns>
    public async Task RunAsync(Stream tar, Stream stream, CancellationToken cancellation)
    {
        await using TarReader reader = new(tar, leaveOpen: true);
        await using TarWriter writer = new(stream, TarEntryFormat.Pax, leaveOpen: true);
        string? root = null;
        while (await reader.GetNextEntryAsync(copyData: false, cancellation) is { } entry)
        {
            string own = entry.Name.TrimEnd('/');
            root ??= own.Split('/')[0];
            string renamed = name + own[root.Length..];
            PaxTarEntry copy = new(entry.EntryType is TarEntryType.V7RegularFile ? TarEntryType.RegularFile : entry.EntryType, renamed.Length > 0 ? renamed : ".")
            {
                Uid = entry.Uid, Gid = entry.Gid, Mode = entry.Mode, ModificationTime = entry.ModificationTime,
            };
            if (entry.EntryType == TarEntryType.SymbolicLink)
            {
                copy.LinkName = entry.LinkName;
            }
            else if (entry.EntryType == TarEntryType.HardLink)
            {
                copy.LinkName = name + entry.LinkName[root.Length..];
            }
            else if (entry.DataStream is { } data)
            {
                copy.DataStream = new KnownLengthStream(data, entry.Length);
                Files++;
                Bytes += entry.Length;
            }

            await writer.WriteEntryAsync(copy, cancellation);
            meter.AddBytes(entry.Length);
        }
    }
}
