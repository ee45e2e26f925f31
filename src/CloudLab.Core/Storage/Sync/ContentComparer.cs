using System.Globalization;
using System.Security.Cryptography;
using CloudLab.Core.Storage.Checksums;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using Microsoft.Win32.SafeHandles;

namespace CloudLab.Core.Storage.Sync;

/// <summary>Tells by checksums, without moving the content, whether two things of the same size hold the same.</summary>
/// <param name="objects">The service's objects.</param>
internal sealed class ContentComparer(ObjectStore objects)
{
    /// <summary>Compares a file with an object.</summary>
    /// <param name="path">Full path of the file.</param>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="read">How to read it.</param>
    /// <param name="etag">Entity tag of the object in the listing.</param>
    /// <param name="cancellation">Cancels the comparison.</param>
    /// <returns>True where they are the same, false where not, null where the service keeps no checksum of the whole.</returns>
    public async Task<bool?> CompareFileAsync(
        string path, string bucket, string key, ReadOptions read, string? etag, CancellationToken cancellation)
    {
        // Most often the listing has the MD5 already, and no request is needed. A tag that differs may still be none.
        StoredChecksum listed = StoredChecksum.Of(new LabObject { Bucket = bucket, Key = key, ETag = etag });
        if (listed != StoredChecksum.None && await HoldsAsync(path, listed, cancellation))
        {
            return true;
        }

        LabObjectMetadata stored = await objects.GetAsync(bucket, key, read, cancellation);
        StoredChecksum proof = StoredChecksum.Of(stored);
        return proof != StoredChecksum.None ? await HoldsAsync(path, proof, cancellation) : await ComparePartsAsync(path, stored, read, cancellation);
    }

    /// <summary>
    /// Compares a file with an object that was sent in parts and has no checksum of the whole: its tag is the MD5 of the parts' MD5s and their number,
    /// and where the first part ends so do the others but the last.
    /// </summary>
    private async Task<bool?> ComparePartsAsync(string path, LabObjectMetadata stored, ReadOptions read, CancellationToken cancellation)
    {
        if (stored.ServerSideEncryption is not (null or "AES256")
            || stored.ETag?.Split('-') is not [{ Length: 32 }, { } number] || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int parts))
        {
            return null;
        }

        long size = await objects.FirstPartSizeAsync(stored.Bucket, stored.Key, read, cancellation);
        return size > 0 && (stored.Size + size - 1) / size == parts
            ? await Task.Run(() => string.Equals(PartsTag(path, size, parts, cancellation), stored.ETag, StringComparison.OrdinalIgnoreCase), cancellation)
            : null;
    }

    /// <summary>Compares two objects.</summary>
    /// <param name="one">The first, and how to read it.</param>
    /// <param name="other">The second.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>True where they are the same, false where not, null where the service keeps nothing that both have.</returns>
    public async Task<bool?> CompareObjectsAsync(
        (string Bucket, string Key, ReadOptions Read) one, (string Bucket, string Key, ReadOptions Read) other, CancellationToken cancellation)
    {
        Task<LabObjectMetadata> first = objects.GetAsync(one.Bucket, one.Key, one.Read, cancellation),
            second = objects.GetAsync(other.Bucket, other.Key, other.Read, cancellation);
        await Task.WhenAll(first, second);
        (LabObjectMetadata a, LabObjectMetadata b) = (await first, await second);
        if (a.ETag == b.ETag && a.ServerSideEncryption == b.ServerSideEncryption)
        {
            return true;
        }

        // What is made of the checksums of parts depends on the parts: it can prove that two are the same, not that they differ.
        if (a.Checksum is { } x && b.Checksum is { } y && a.ChecksumAlgorithm == b.ChecksumAlgorithm)
        {
            return x == y ? true : IsOfWhole(x) && IsOfWhole(y) ? false : null;
        }

        return Md5(a) is not null && Md5(b) is not null ? false : null;
    }

    private static string? Md5(LabObjectMetadata stored) => Checksum.Md5OfETag(stored.ETag, stored.ServerSideEncryption);

#pragma warning disable CA5351 // What S3 makes its tags of.
    private static string PartsTag(string path, long size, int parts, CancellationToken cancellation) => Read(path, file =>
    {
        using IncrementalHash all = IncrementalHash.CreateHash(HashAlgorithmName.MD5), part = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        long length = RandomAccess.GetLength(file);
        for (long at = 0; at < length; at += size)
        {
            LocalFiles.ReadPiece(file, at, Math.Min(size, length - at), piece =>
            {
                cancellation.ThrowIfCancellationRequested();
                part.AppendData(piece);
            });
            all.AppendData(part.GetHashAndReset());
        }

        return string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(all.GetHashAndReset())}-{parts}");
    });
#pragma warning restore CA5351

    private static bool IsOfWhole(string checksum) => !checksum.Contains('-', StringComparison.Ordinal);

    // On a thread of its own: to read and compute is all there is to it.
    private static Task<bool> HoldsAsync(string path, StoredChecksum proof, CancellationToken cancellation) => Task.Run(
        () =>
        {
            using ContentHasher hasher = new(proof.Algorithm);
            return Read(path, file => LocalFiles.ReadPiece(file, 0, RandomAccess.GetLength(file), piece =>
            {
                cancellation.ThrowIfCancellationRequested();
                hasher.Append(piece);
            }) && hasher.Finish().Checksum == proof.Value);
        },
        cancellation);

    private static T Read<T>(string path, Func<SafeFileHandle, T> read)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
            return read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalFiles.CannotRead(path, e);
        }
    }
}
