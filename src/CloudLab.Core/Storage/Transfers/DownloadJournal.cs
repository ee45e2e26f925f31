using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CloudLab.Core.Storage.Checksums;
using Microsoft.Win32.SafeHandles;

namespace CloudLab.Core.Storage.Transfers;

/// <summary>
/// Which pieces of an unfinished download are there already: a text file beside it, with a line for each piece and its CRC, so that
/// what is taken over can be proved. A line that was cut off counts as none.
/// </summary>
internal sealed class DownloadJournal : IDisposable
{
    private const string Extension = LocalFiles.PartialEnd;

    private readonly string path;
    private readonly StreamWriter writer;

    private DownloadJournal(string path, StreamWriter writer) => (this.path, this.writer) = (path, writer);

    /// <summary>The name of an unfinished download that the next one will find: the same for the same object and target.</summary>
    /// <param name="target">Full path of the file to be.</param>
    /// <param name="uri">The object.</param>
    /// <returns>Full path, in the same folder.</returns>
    public static string PartialPath(string target, string uri)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(target + "\n" + uri));
        return Path.Combine(Path.GetDirectoryName(target)!, LocalFiles.PartialName(Convert.ToHexString(hash, 0, 8).ToLowerInvariant()));
    }

    /// <summary>Opens the journal of an unfinished download, and reads what is there of the same state of the object.</summary>
    /// <param name="partial">Path of the unfinished file.</param>
    /// <param name="state">What has to be the same: entity tag, length, size of the pieces.</param>
    /// <param name="file">The unfinished file.</param>
    /// <param name="pieces">The pieces; those that are there and whole get their CRC.</param>
    /// <returns>The journal, to go on with.</returns>
    public static DownloadJournal Open(string partial, string state, SafeFileHandle file, DownloadPiece[] pieces)
    {
        string path = partial + Extension;
        try
        {
            return Open(path, state, file, pieces, File.Exists(path) ? File.ReadAllLines(path) : []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalFiles.CannotWrite(path, e);
        }
    }

    /// <summary>Takes note of a piece.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="crc">Its CRC.</param>
    public void Add(int number, ulong crc)
    {
        try
        {
            lock (writer)
            {
                writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{number} {crc:x} ."));
            }
        }
        catch (IOException e)
        {
            throw LocalFiles.CannotWrite(path, e);
        }
    }

    /// <summary>Removes the journal: the download is complete, or void.</summary>
    public void Remove()
    {
        writer.Dispose();
        File.Delete(path);
    }

    /// <inheritdoc/>
    public void Dispose() => writer.Dispose();

    private static DownloadJournal Open(string path, string state, SafeFileHandle file, DownloadPiece[] pieces, string[] lines)
    {
        if (lines.Length > 0 && lines[0] == state)
        {
            foreach (string line in lines.Skip(1))
            {
                string[] words = line.Split(' ');
                if (words.Length == 3 && words[2] == "." && int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                    && number < pieces.Length && ulong.TryParse(words[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong crc)
                    && pieces[number].CrcOf(file) == crc)
                {
                    pieces[number].Crc = crc;
                }
            }
        }

        StreamWriter writer = new(path, append: false, new UTF8Encoding(false)) { AutoFlush = true };
        DownloadJournal journal = new(path, writer);
        writer.WriteLine(state);
        for (int i = 0; i < pieces.Length; i++)
        {
            if (pieces[i].Crc is { } crc)
            {
                journal.Add(i, crc);
            }
        }

        return journal;
    }
}

/// <summary>A piece of an object that is downloaded by itself.</summary>
/// <param name="algorithm">CRC that it is checked by.</param>
/// <param name="start">First byte.</param>
/// <param name="length">Number of bytes.</param>
internal sealed class DownloadPiece(string algorithm, long start, long length)
{
    /// <summary>First byte.</summary>
    public long Start { get; } = start;

    /// <summary>Number of bytes.</summary>
    public long Length { get; } = length;

    /// <summary>CRC of what is in the file; null as long as it is not there.</summary>
    public ulong? Crc { get; set; }

    /// <summary>Computes the CRC of the bytes that stand in the file.</summary>
    /// <param name="file">The file.</param>
    /// <returns>The CRC; null where the file is shorter.</returns>
    public ulong? CrcOf(SafeFileHandle file)
    {
        ulong crc = 0;
        return LocalFiles.ReadPiece(file, Start, Length, piece => crc = Checksum.Append(algorithm, crc, piece)) ? crc : null;
    }
}
