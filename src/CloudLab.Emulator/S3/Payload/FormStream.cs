using System.Text;
using CloudLab.Core.Common.Streams;

namespace CloudLab.Emulator.S3.Payload;

/// <summary>
/// A browser's form (multipart/form-data, RFC 7578), field by field; reading gives the field that is open, so that a file
/// is never in memory as a whole.
/// </summary>
/// <param name="source">The body.</param>
/// <param name="boundary">What stands between the fields.</param>
internal sealed class FormStream(Stream source, string boundary) : ForwardStream
{
    private const int MaxLine = 4096;
    private const int MaxField = 20 * 1024;

    private readonly byte[] delimiter = Encoding.Latin1.GetBytes("\r\n--" + boundary);

    // The first boundary has no line before it; one is put there.
    private readonly byte[] buffer = [.. "\r\n"u8, .. new byte[64 * 1024]];
    private int start;
    private int end = 2;

    /// <summary>Goes to the next field.</summary>
    /// <param name="cancellation">Cancels the read.</param>
    /// <returns>Its name, in lower case, and its file's name; null at the end.</returns>
    public async Task<(string Name, string FileName)?> NextAsync(CancellationToken cancellation)
    {
        byte[] rest = new byte[8192];
        while (await ReadAsync(rest, cancellation) > 0)
        {
            // What is left of the field before, or stands before the first.
        }

        start += delimiter.Length;
        string line = await ReadLineAsync(cancellation);
        if (line.StartsWith("--", StringComparison.Ordinal))
        {
            return null;
        }

        (string Name, string FileName) field = ("", "");
        while ((line = await ReadLineAsync(cancellation)).Length > 0)
        {
            if (line.StartsWith("Content-Disposition:", StringComparison.OrdinalIgnoreCase))
            {
                field = ((Parameter(line, "name") ?? "").ToLowerInvariant(), Parameter(line, "filename") ?? "");
            }
        }

        return field;
    }

    /// <summary>Reads the field that is open.</summary>
    /// <param name="cancellation">Cancels the read.</param>
    /// <returns>Its bytes. Throws where it is too long for anything but a file.</returns>
    public async Task<byte[]> ReadFieldAsync(CancellationToken cancellation)
    {
        MemoryStream field = new();
        byte[] piece = new byte[4096];
        while (await ReadAsync(piece, cancellation) is > 0 and var count)
        {
            field.Write(piece, 0, count);
            if (field.Length > MaxField)
            {
                throw new S3Exception(
                    400, "MaxPostPreDataLengthExceeded", "Your POST request fields preceding the upload file were too large.");
            }
        }

        return field.ToArray();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            int found = buffer.AsSpan(start, end - start).IndexOf(delimiter);

            // The last bytes may be the beginning of a delimiter.
            int available = found >= 0 ? found : end - start - delimiter.Length + 1;
            if (available > 0)
            {
                int count = Math.Min(available, target.Length);
                buffer.AsMemory(start, count).CopyTo(target);
                start += count;
                return count;
            }

            if (found == 0)
            {
                return 0;
            }

            await FillAsync(cancellationToken);
        }
    }

    private static string? Parameter(string line, string name)
    {
        foreach (string part in line.Split(';', StringSplitOptions.TrimEntries))
        {
            if (part.StartsWith(name + "=", StringComparison.OrdinalIgnoreCase))
            {
                return Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(part[(name.Length + 1)..].Trim('"')));
            }
        }

        return null;
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellation)
    {
        int length;
        while ((length = buffer.AsSpan(start, end - start).IndexOf("\r\n"u8)) < 0)
        {
            // A client may end with the last delimiter itself.
            if (end - start == 2 && buffer.AsSpan(start, 2).SequenceEqual("--"u8))
            {
                return "--";
            }

            if (end - start > MaxLine)
            {
                throw Malformed();
            }

            await FillAsync(cancellation);
        }

        string line = Encoding.Latin1.GetString(buffer, start, length);
        start += length + 2;
        return line;
    }

    private async Task FillAsync(CancellationToken cancellation)
    {
        buffer.AsSpan(start, end - start).CopyTo(buffer);
        (start, end) = (0, end - start);
        int count = await source.ReadAsync(buffer.AsMemory(end), cancellation);
        end += count > 0 ? count : throw Malformed();
    }

    private static S3Exception Malformed() => new(
        400, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.");
}
