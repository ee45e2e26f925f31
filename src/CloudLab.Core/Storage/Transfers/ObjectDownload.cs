using System.Buffers;
using System.Globalization;
using System.Xml.Linq;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Storage.Checksums;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;
using Microsoft.Win32.SafeHandles;

namespace CloudLab.Core.Storage.Transfers;

/// <summary>
/// A large object on its way into a file: several pieces at once, each written in place. At the end the checksum of the whole follows from
/// those of the pieces; where it differs, the parts that the service keeps checksums of tell which piece to fetch again.
/// </summary>
internal sealed class ObjectDownload
{
    private const int Attempts = 3;
    private const int BufferSize = 256 * 1024;

    private readonly StorageClient client;
    private readonly WorkBudget budget;
    private readonly string bucket;
    private readonly string key;
    private readonly ObjectState state;
    private readonly ReadOptions options;
    private readonly ProgressMeter? meter;
    private readonly string crcName;
    private readonly DownloadPiece[] pieces;

    /// <summary>Plans a download; nothing is asked for yet.</summary>
    /// <param name="client">The service.</param>
    /// <param name="budget">Limits the requests in flight.</param>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="state">What the service says of the object.</param>
    /// <param name="options">How to read it.</param>
    /// <param name="meter">Counts bytes, or null.</param>
    public ObjectDownload(
        StorageClient client, WorkBudget budget, string bucket, string key, ObjectState state, ReadOptions options, ProgressMeter? meter)
    {
        (this.client, this.budget, this.bucket, this.key, this.state, this.meter) = (client, budget, bucket, key, state, meter);
        this.options = options with { VersionId = state.VersionId ?? options.VersionId, IfMatch = state.ETag, IfNoneMatch = null };
        crcName = Checksum.IsCrc(state.Proof.Algorithm) ? state.Proof.Algorithm : Checksum.Default;
        long size = ObjectUpload.PartSize(state.Length);
        pieces = [.. Enumerable.Range(0, (int)((state.Length + size - 1) / size))
            .Select(i => new DownloadPiece(crcName, i * size, Math.Min(size, state.Length - (i * size))))];
    }

    /// <summary>Fetches all pieces into a file and proves them.</summary>
    /// <param name="path">Path of the file, for errors.</param>
    /// <param name="file">The file, open for reading and writing.</param>
    /// <param name="journal">Opens the journal of a download that is to go on later; null for none.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>What proved the content. Throws <see cref="LabException"/>.</returns>
    public async Task<string> FetchAsync(
        string path, SafeFileHandle file, Func<string, DownloadPiece[], DownloadJournal>? journal, CancellationToken cancellation)
    {
        using DownloadJournal? pieceLog = journal?.Invoke(
            string.Create(CultureInfo.InvariantCulture, $"cloudlab 1 {state.ETag} {state.Length} {pieces[0].Length} {crcName}"), pieces);
        meter?.AddBytes(pieces.Where(piece => piece.Crc is not null).Sum(piece => piece.Length));
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await FetchMissingAsync(path, file, pieceLog, cancellation);
            }
            catch (LabException e) when (e.Kind == LabErrorKind.Conflict)
            {
                // Another state of the object: nothing of this one is of use later.
                pieceLog?.Remove();
                throw;
            }

            if (Holds(file))
            {
                pieceLog?.Remove();
                return state.Proof.Algorithm;
            }

            if (attempt == Attempts)
            {
                pieceLog?.Remove();
                throw ObjectReadStream.Mismatch(bucket, key, state.Proof);
            }

            await ForgetBadAsync(file, cancellation);
            await Backoff.DelayAsync(attempt, cancellation);
        }
    }

    private async Task FetchMissingAsync(string path, SafeFileHandle file, DownloadJournal? journal, CancellationToken cancellation)
    {
        await using SideBySide<DownloadPiece> running = new(cancellation);
        for (int i = 0; i < pieces.Length; i++)
        {
            if (pieces[i].Crc is not null)
            {
                continue;
            }

            int number = i;
            WorkBudget.Room room = await running.UnlessFailedAsync(budget.EnterAsync(pieces[i].Length, running.Token));
            running.Start(async () =>
            {
                using (room)
                {
                    await FetchAsync(path, file, pieces[number], running.Token);
                    journal?.Add(number, pieces[number].Crc!.Value);
                    return pieces[number];
                }
            });
        }

        await running.WhenAllAsync();
    }

    private async Task FetchAsync(string path, SafeFileHandle file, DownloadPiece piece, CancellationToken cancellation)
    {
        await using ObjectReadStream content = await ObjectReadStream.OpenRangeAsync(
            client, bucket, key, options, new ByteRange(piece.Start, piece.Start + piece.Length - 1), meter, cancellation);
        if (content.Length != piece.Length)
        {
            throw StorageClient.Problem(
                LabErrorKind.ServiceFailed, "InvalidResponse", bucket, key,
                $"the service returned {content.Length} bytes instead of the {piece.Length} requested from offset {piece.Start}.");
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            ulong crc = 0;
            int count;
            for (long at = piece.Start; (count = await content.ReadAsync(buffer, cancellation)) > 0; at += count)
            {
                ReadOnlySpan<byte> arrived = buffer.AsSpan(0, count);
                crc = Checksum.Append(crcName, crc, arrived);
                LocalFiles.Write(path, file, arrived, at);
            }

            piece.Crc = crc;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private bool Holds(SafeFileHandle file)
    {
        if (state.Proof == StoredChecksum.None)
        {
            return true;
        }

        if (Checksum.IsCrc(state.Proof.Algorithm))
        {
            ulong whole = pieces.Skip(1).Aggregate(pieces[0].Crc!.Value, (crc, piece) => Checksum.Combine(crcName, crc, piece.Crc!.Value, piece.Length));
            return Checksum.ToBase64(crcName, whole) == state.Proof.Value;
        }

        using ContentHasher hasher = new(state.Proof.Algorithm);
        return LocalFiles.ReadPiece(file, 0, state.Length, hasher.Append) && hasher.Finish().Checksum == state.Proof.Value;
    }

    // Marks the pieces in which the service's own parts have another checksum; all of them where it keeps none of parts.
    private async Task ForgetBadAsync(SafeFileHandle file, CancellationToken cancellation)
    {
        List<(long Start, long Length)> bad = [];
        try
        {
            bad = await FindBadPartsAsync(file, cancellation);
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            client.Reporter.Verbose($"{ObjectName.Uri(bucket, key)}: the service does not report the checksums of its parts: {e.Message}");
        }

        int forgotten = 0;
        foreach (DownloadPiece piece in pieces)
        {
            if (bad.Count == 0 || bad.Exists(part => part.Start < piece.Start + piece.Length && piece.Start < part.Start + part.Length))
            {
                piece.Crc = null;
                meter?.AddBytes(-piece.Length);
                forgotten++;
            }
        }

        client.Reporter.Verbose($"{ObjectName.Uri(bucket, key)}: the {state.Proof.Algorithm} does not match; downloading {forgotten} of {pieces.Length} pieces again.");
    }

    private async Task<List<(long Start, long Length)>> FindBadPartsAsync(SafeFileHandle file, CancellationToken cancellation)
    {
        List<(long Start, long Length)> bad = [];
        long start = 0;
        string? marker = null;
        do
        {
            S3Request request = new S3Request(HttpMethod.Get, bucket, key).With("attributes", "").With("versionId", options.VersionId)
                .WithHeader("x-amz-object-attributes", "ObjectParts").WithHeader("x-amz-part-number-marker", marker);
            options.CustomerKey?.Apply(request);
            using S3Answer answer = await client.SendAsync(request, cancellation);
            XElement? page = (await client.ReadXmlAsync(answer, request, cancellation)).All("ObjectParts").FirstOrDefault();
            foreach (XElement part in (page?.All("Part") ?? []).Concat(page?.All("Parts") ?? []))
            {
                long length = long.Parse(part.Text("Size") ?? "0", CultureInfo.InvariantCulture);
                if (part.Text(Checksum.Element(crcName)) is { } stored
                    && new DownloadPiece(crcName, start, length).CrcOf(file) is { } crc && Checksum.ToBase64(crcName, crc) != stored)
                {
                    bad.Add((start, length));
                }

                start += length;
            }

            string? next = page?.Text("IsTruncated") == "true" ? page.Text("NextPartNumberMarker") : null;
            marker = next == marker ? null : next;
        }
        while (marker is not null);
        return bad;
    }
}

/// <summary>What a service says of an object that is to be read.</summary>
/// <param name="Length">Bytes.</param>
/// <param name="ETag">Entity tag without quotes.</param>
/// <param name="VersionId">Version, or null.</param>
/// <param name="LastModified">When it was written.</param>
/// <param name="Proof">The proof of its content.</param>
internal sealed record ObjectState(long Length, string ETag, string? VersionId, DateTimeOffset LastModified, StoredChecksum Proof);
