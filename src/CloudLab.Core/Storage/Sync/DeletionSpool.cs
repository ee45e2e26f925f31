using System.Runtime.InteropServices;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Core.Storage.Sync;

/// <summary>
/// Keeps what is to be removed until everything else is done. The first thousands stay in memory, the others wait in a
/// temporary file, so that a million of them need no more memory than those. One user at a time.
/// </summary>
internal sealed class DeletionSpool : IDisposable
{
    private const int MostInMemory = 10_000;

    private readonly List<SyncEntry> recent = [];
    private FileStream? file;
    private long inFile;

    /// <summary>How many there are.</summary>
    public long Count => inFile + recent.Count;

    /// <summary>Adds one.</summary>
    /// <param name="entry">Its name and size are kept.</param>
    public void Add(SyncEntry entry)
    {
        if (recent.Count == MostInMemory)
        {
            Spill();
        }

        recent.Add(entry);
    }

    /// <summary>All of them, in the order in which they were added.</summary>
    /// <returns>Entries with name and size.</returns>
    public IEnumerable<SyncEntry> Read()
    {
        if (file is not null)
        {
            file.Position = 0;
            using BinaryReader reader = new(file, System.Text.Encoding.Unicode, leaveOpen: true);
            for (long i = 0; i < inFile; i++)
            {
                long size = reader.ReadInt64();
                char[] name = new char[reader.ReadInt32()];
                reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(name.AsSpan()));
                yield return new SyncEntry(new string(name), size, default);
            }
        }

        foreach (SyncEntry entry in recent)
        {
            yield return entry;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file?.Dispose();

    private void Spill()
    {
        string path = Path.Combine(Path.GetTempPath(), "cloudlab-" + Path.GetRandomFileName());
        try
        {
            file ??= SpoolFile.Create(path, 64 << 10);
            using BinaryWriter writer = new(file, System.Text.Encoding.Unicode, leaveOpen: true);
            foreach (SyncEntry entry in recent)
            {
                // The characters as they are: a name on Windows need not be proper Unicode.
                writer.Write(entry.Size);
                writer.Write(entry.Name.Length);
                writer.Write(MemoryMarshal.AsBytes(entry.Name.AsSpan()));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalFiles.CannotWrite(file?.Name ?? path, e);
        }

        inFile += recent.Count;
        recent.Clear();
    }
}
