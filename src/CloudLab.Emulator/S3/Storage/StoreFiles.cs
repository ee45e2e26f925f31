using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CloudLab.Core.Common.Errors;
using CloudLab.Emulator.S3.Checksums;
using KeyOrder = CloudLab.Core.Storage.Listing.KeyOrder;

namespace CloudLab.Emulator.S3.Storage;

/// <summary>
/// The store's folder. <c>blobs/</c> has the data, a file an upload; <c>buckets/b.NAME/</c> has bucket.json, a small
/// file for each version of an object (named by its key's hash, since a key can be no file name; all but the null version
/// with its place in time behind it) and a folder for each upload in parts. Files are written in <c>temp/</c> and renamed, so that a crash leaves the old state or the new one; data
/// that nothing refers to is removed at the next start.
/// </summary>
internal sealed class StoreFiles
{
    private readonly string blobs;
    private readonly string buckets;
    private readonly string temp;

    /// <summary>Opens the folder, making it if need be.</summary>
    /// <param name="folder">The folder.</param>
    public StoreFiles(string folder)
    {
        blobs = Path.Combine(folder, "blobs");
        buckets = Path.Combine(folder, "buckets");
        temp = Path.Combine(folder, "temp");
        if (Directory.Exists(temp))
        {
            Directory.Delete(temp, recursive: true);
        }

        Directory.CreateDirectory(temp);
        Directory.CreateDirectory(blobs);
        Directory.CreateDirectory(buckets);
    }

    /// <summary>Reads everything but the data.</summary>
    /// <returns>The buckets.</returns>
    public IReadOnlyList<S3Bucket> Load()
    {
        Dictionary<string, FileSegment> segments = new(StringComparer.Ordinal);
        List<S3Bucket> loaded = [];
        foreach (string folder in Directory.EnumerateDirectories(buckets))
        {
            BucketFile file = Read<BucketFile>(Path.Combine(folder, "bucket.json"));
            S3Bucket bucket = new(file.Name, file.Region, file.Created) { Documents = file.Documents };
            foreach (ObjectFile value in FilesIn(Path.Combine(folder, "objects")).Select(Read<ObjectFile>)
                .OrderBy(value => value.Key, KeyOrder.Instance).ThenBy(value => value.Sequence))
            {
                bucket.Objects.Add(new S3Object(
                    value.Key, ToBlob(value.Slices, segments), value.ETag, value.LastModified, value.Properties, value.Checksum, value.Parts)
                {
                    VersionId = value.VersionId, Sequence = value.Sequence, IsMarker = value.IsMarker,
                });
            }

            foreach (string path in FilesIn(Path.Combine(folder, "uploads")).Where(path => Path.GetFileName(path) == "upload.json"))
            {
                UploadFile value = Read<UploadFile>(path);
                MultipartUpload upload = new(value.Id, value.Key, value.Initiated, value.Properties, value.ChecksumAlgorithm, value.Composite);
                foreach (string partPath in FilesIn(Path.GetDirectoryName(path)!).Where(part => Path.GetFileName(part) != "upload.json"))
                {
                    PartFile part = Read<PartFile>(partPath);
                    upload.Parts[part.Number] = new UploadedPart(
                        part.Number, ToBlob(part.Slices, segments), part.ETag, part.LastModified, part.Checksum);
                }

                bucket.Uploads[upload.Id] = upload;
            }

            loaded.Add(bucket);
        }

        foreach (string path in Directory.EnumerateFiles(blobs).Where(path => !segments.ContainsKey(Path.GetFileName(path))))
        {
            File.Delete(path);
        }

        return loaded;
    }

    /// <summary>Begins to receive data.</summary>
    /// <returns>A writer.</returns>
    public BlobWriter CreateBlob()
    {
        string id = Guid.NewGuid().ToString("N");
        return new FileBlobWriter(Path.Combine(temp, id), Path.Combine(blobs, id));
    }

    public void SaveBucket(S3Bucket bucket)
    {
        Directory.CreateDirectory(BucketFolder(bucket.Name));
        Write(Path.Combine(BucketFolder(bucket.Name), "bucket.json"), new BucketFile(bucket.Name, bucket.Region, bucket.Created, bucket.Documents));
    }

    public void DeleteBucket(string bucket) => DeleteFolder(BucketFolder(bucket));

    public void SaveObject(string bucket, S3Object value) => Write(
        ObjectPath(bucket, value),
        new ObjectFile(value.Key, ToSlices(value.Content), value.ETag, value.LastModified, value.Properties, value.Checksum, value.Parts)
        {
            VersionId = value.VersionId, Sequence = value.Sequence, IsMarker = value.IsMarker,
        });

    public void DeleteObject(string bucket, S3Object value) => File.Delete(ObjectPath(bucket, value));

    public void SaveUpload(string bucket, MultipartUpload upload) => Write(
        Path.Combine(UploadFolder(bucket, upload.Id), "upload.json"),
        new UploadFile(upload.Id, upload.Key, upload.Initiated, upload.Properties, upload.ChecksumAlgorithm, upload.Composite));

    public void SavePart(string bucket, string uploadId, UploadedPart part) => Write(
        Path.Combine(UploadFolder(bucket, uploadId), part.Number.ToString(CultureInfo.InvariantCulture) + ".json"),
        new PartFile(part.Number, ToSlices(part.Content), part.ETag, part.LastModified, part.Checksum));

    public void DeleteUpload(string bucket, string uploadId) => DeleteFolder(UploadFolder(bucket, uploadId));

    private static IEnumerable<string> FilesIn(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories)
        : [];

    private static List<SliceFile> ToSlices(Blob blob) =>
        [.. blob.Slices.Select(slice => new SliceFile(slice.Segment.Id, slice.Offset, slice.Length))];

    private static T Read<T>(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return JsonSerializer.Deserialize<T>(file)!;
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "DataPathNotUsable", $"{path} is damaged: {e.Message} Remove it, or choose another folder.", e);
        }
    }

    private Blob ToBlob(IEnumerable<SliceFile> slices, Dictionary<string, FileSegment> segments)
    {
        List<BlobSlice> result = [];
        foreach (SliceFile slice in slices)
        {
            if (!segments.TryGetValue(slice.Id, out FileSegment? segment))
            {
                segments[slice.Id] = segment = new FileSegment(Path.Combine(blobs, slice.Id));
            }

            result.Add(new BlobSlice(segment, slice.Offset, slice.Length));
        }

        return new Blob(result).Hold();
    }

    // Windows has names that no folder may have: con, nul, aux.
    private string BucketFolder(string bucket) => Path.Combine(buckets, "b." + bucket);

    private string UploadFolder(string bucket, string uploadId) => Path.Combine(BucketFolder(bucket), "uploads", uploadId);

    private string ObjectPath(string bucket, S3Object value)
    {
        string name = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(value.Key)))[..40].ToLowerInvariant();
        string version = value.VersionId == VersionId.Null ? "" : "." + value.Sequence.ToString("x16", CultureInfo.InvariantCulture);
        return Path.Combine(BucketFolder(bucket), "objects", name[..2], name + version + ".json");
    }

    private void Write<T>(string path, T value)
    {
        string draft = Path.Combine(temp, Guid.NewGuid().ToString("N"));
        File.WriteAllBytes(draft, JsonSerializer.SerializeToUtf8Bytes(value));
        try
        {
            File.Move(draft, path, overwrite: true);
        }
        catch (DirectoryNotFoundException)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(draft, path, overwrite: true);
        }
    }

    private void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            // Gone at once; what a crash leaves is in temp.
            string doomed = Path.Combine(temp, Guid.NewGuid().ToString("N"));
            Directory.Move(folder, doomed);
            Directory.Delete(doomed, recursive: true);
        }
    }

    private sealed record BucketFile(string Name, string Region, DateTimeOffset Created, IReadOnlyDictionary<string, string> Documents);

    private sealed record SliceFile(string Id, long Offset, long Length);

    private sealed record ObjectFile(
        string Key, IReadOnlyList<SliceFile> Slices, string ETag, DateTimeOffset LastModified, ObjectProperties Properties,
        ObjectChecksum? Checksum, IReadOnlyList<ObjectPart>? Parts)
    {
        public string VersionId { get; init; } = Storage.VersionId.Null;

        public long Sequence { get; init; }

        public bool IsMarker { get; init; }
    }

    private sealed record UploadFile(
        string Id, string Key, DateTimeOffset Initiated, ObjectProperties Properties, ChecksumAlgorithm? ChecksumAlgorithm, bool Composite);

    private sealed record PartFile(
        int Number, IReadOnlyList<SliceFile> Slices, string ETag, DateTimeOffset LastModified, ObjectChecksum? Checksum);
}
