using System.Runtime.CompilerServices;
using System.Text.Json;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Streams;

namespace CloudLab.Core.Identity.Trails;

/// <summary>A file of CloudTrail records: on disk or in a bucket.</summary>
/// <param name="Name">Its path or address, for errors.</param>
/// <param name="OpenAsync">Opens it.</param>
public sealed record TrailSource(string Name, Func<CancellationToken, Task<Stream>> OpenAsync)
{
    private static readonly string[] Arrays = ["Records", "Events"];

    /// <summary>Whether a name is that of a file of records: CloudTrail's digests and insights lie beside them.</summary>
    /// <param name="name">Path or key.</param>
    /// <returns>True if it is.</returns>
    public static bool IsTrailFile(string name) =>
        (name.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".json.gz", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
        && !name.Contains("CloudTrail-Digest", StringComparison.Ordinal) && !name.Contains("CloudTrail-Insight", StringComparison.Ordinal);

    /// <summary>The files of a path: itself, or those in a folder and below it.</summary>
    /// <param name="path">Full path.</param>
    /// <returns>Sources. Throws <see cref="LabException"/> (<c>TrailNotFound</c>, <c>TrailEmpty</c>).</returns>
    public static IEnumerable<TrailSource> OfPath(string path)
    {
        if (!Directory.Exists(path))
        {
            return File.Exists(path)
                ? [new TrailSource(path, async cancellation => await InputFile.OpenAsync(path, cancellation))]
                : throw new LabException(LabErrorKind.NotFound, "TrailNotFound", $"There is no file or folder {path}.") { Target = path };
        }

        List<string> files = [.. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(IsTrailFile).Order(StringComparer.Ordinal)];
        return files.Count > 0
            ? files.Select(file => new TrailSource(file, async cancellation => await InputFile.OpenAsync(file, cancellation)))
            : throw new LabException(LabErrorKind.NotFound, "TrailEmpty", $"The folder {path} has no CloudTrail files (*.json, *.json.gz).") { Target = path };
    }

    /// <summary>Reads its records.</summary>
    /// <param name="record">Filled with one record after the other; the sequence has an item for each.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>True for each record. Throws <see cref="LabException"/> (<c>TrailInvalid</c>, <c>TrailUnreadable</c>).</returns>
    internal async IAsyncEnumerable<TrailEvent> ReadAsync(TrailEvent record, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await using Stream stream = await OpenedAsync(cancellation);
        await using IAsyncEnumerator<(string Array, ReadOnlyMemory<byte> Json)> items = JsonItems.ReadAsync(stream, Arrays, [], cancellation).GetAsyncEnumerator(cancellation);
        int read = 0, records = 0;
        while (true)
        {
            bool found;
            try
            {
                if (!await items.MoveNextAsync())
                {
                    break;
                }

                read++;
                found = record.Read(items.Current.Json.Span);
            }
            catch (JsonException e)
            {
                throw Invalid($"this is not JSON (line {e.LineNumber + 1}, after {records} records)", e);
            }
            catch (InvalidDataException e)
            {
                throw Invalid(e.Message.TrimEnd('.'), e);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Unreadable(e);
            }

            if (found)
            {
                records++;
                yield return record;
            }
        }

        if (read > 0 && records == 0)
        {
            throw Invalid("it has no CloudTrail records");
        }
    }

    private async Task<Stream> OpenedAsync(CancellationToken cancellation)
    {
        try
        {
            return await OpenAsync(cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TimeoutException)
        {
            throw Unreadable(e);
        }
    }

    private LabException Unreadable(Exception e) => new(LabErrorKind.ReadFailed, "TrailUnreadable", $"{Name} cannot be read: {e.Message}", e) { Target = Name };

    private LabException Invalid(string problem, Exception? inner = null) => new(
        LabErrorKind.InvalidData, "TrailInvalid", $"{Name} is not a CloudTrail file: {problem}.", inner)
    {
        Target = Name,
        Advice = "Give files that CloudTrail writes to its bucket, or what 'aws cloudtrail lookup-events' writes.",
    };
}
