using System.Collections.Concurrent;
using CloudLab.Emulator.S3.Settings;

namespace CloudLab.Emulator.S3.Storage;

/// <summary>
/// Buckets and what is in them. Every change is decided and, where there is a folder, on disk before it can be seen;
/// a put touches its own files only.
/// </summary>
internal sealed class S3Store
{
    private readonly ConcurrentDictionary<string, S3Bucket> buckets = new(StringComparer.Ordinal);
    private readonly object gate = new();
    private readonly StoreFiles? files;
    private long lastSequence;

    /// <summary>Opens a store.</summary>
    /// <param name="folder">Its folder; null for memory only.</param>
    /// <param name="time">The clock.</param>
    public S3Store(string? folder, TimeProvider time)
    {
        lastSequence = time.GetUtcNow().Ticks;
        if (folder is not null)
        {
            files = new StoreFiles(folder);
            foreach (S3Bucket bucket in files.Load())
            {
                buckets[bucket.Name] = bucket;
                lastSequence = bucket.Objects.All.Select(value => value.Sequence).Append(lastSequence).Max();
            }
        }
    }

    /// <summary>All buckets by name.</summary>
    /// <returns>A copy of the list.</returns>
    public IReadOnlyList<S3Bucket> List() => [.. buckets.Values.OrderBy(bucket => bucket.Name, StringComparer.Ordinal)];

    /// <summary>Finds a bucket.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The bucket, or null.</returns>
    public S3Bucket? Find(string name) => buckets.GetValueOrDefault(name);

    /// <summary>Begins to receive data.</summary>
    /// <param name="expected">Bytes that will come; null where nobody knows.</param>
    /// <returns>A writer.</returns>
    public BlobWriter CreateBlob(long? expected) => files is null ? new MemoryBlobWriter(expected) : files.CreateBlob();

    /// <summary>Adds a bucket.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <returns>False where there is one of that name.</returns>
    public bool Add(S3Bucket bucket)
    {
        lock (gate)
        {
            if (buckets.ContainsKey(bucket.Name))
            {
                return false;
            }

            files?.SaveBucket(bucket);
            buckets[bucket.Name] = bucket;
            return true;
        }
    }

    /// <summary>Removes a bucket.</summary>
    /// <param name="bucket">The bucket. Throws BucketNotEmpty where it holds objects, in whatever version.</param>
    public void Remove(S3Bucket bucket)
    {
        lock (gate)
        {
            lock (bucket.Gate)
            {
                Check(bucket);
                if (!bucket.Objects.IsEmpty)
                {
                    throw new S3Exception(
                        409, "BucketNotEmpty",
                        bucket.Settings.Versioning == BucketVersioning.Off
                            ? "The bucket you tried to delete is not empty"
                            : "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
                        ("BucketName", bucket.Name));
                }

                files?.DeleteBucket(bucket.Name);
                bucket.Deleted = true;
                foreach (UploadedPart part in bucket.Uploads.Values.SelectMany(upload => upload.Parts.Values))
                {
                    part.Content.Release();
                }

                buckets.TryRemove(bucket.Name, out _);
            }
        }
    }

    /// <summary>Puts one of a bucket's settings.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="name">The query word that names it.</param>
    /// <param name="text">The document, or null to remove it.</param>
    public void SetDocument(S3Bucket bucket, string name, string? text)
    {
        lock (bucket.Gate)
        {
            Check(bucket);
            Dictionary<string, string> documents = new(bucket.Documents);
            if (text is null)
            {
                documents.Remove(name);
            }
            else
            {
                documents[name] = text;
            }

            bucket.Documents = documents;
            files?.SaveBucket(bucket);
        }
    }

    /// <summary>Finds a version.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">Its key.</param>
    /// <param name="versionId">Its id; null for the newest.</param>
    /// <returns>An object, its data held for the caller, or a delete marker; null where there is neither.</returns>
    public S3Object? Open(S3Bucket bucket, string key, string? versionId)
    {
        lock (bucket.Gate)
        {
            S3Object? found = Find(bucket, key, versionId);
            found?.Content.Hold();
            return found;
        }
    }

    /// <summary>Finds a version whose data the caller does not need.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">Its key.</param>
    /// <param name="versionId">Its id; null for the newest.</param>
    /// <returns>An object or a delete marker; null where there is neither.</returns>
    public S3Object? Peek(S3Bucket bucket, string key, string? versionId)
    {
        lock (bucket.Gate)
        {
            return Find(bucket, key, versionId);
        }
    }

    /// <summary>Finds the object that a key is at the moment.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">Its key.</param>
    /// <returns>The object; null where there is none or it is deleted.</returns>
    public S3Object? Current(S3Bucket bucket, string key)
    {
        lock (bucket.Gate)
        {
            return bucket.Objects.Current.Find(key);
        }
    }

    /// <summary>Adds an object, or a version of one, and takes over the hold on its data.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="value">The object.</param>
    /// <param name="condition">Sees the object that is there (or null) and throws where it must stay.</param>
    /// <returns>The object with its version.</returns>
    public S3Object Put(S3Bucket bucket, S3Object value, Action<S3Object?> condition)
    {
        lock (bucket.Gate)
        {
            Check(bucket);
            condition(bucket.Objects.Current.Find(value.Key));
            return Add(bucket, value);
        }
    }

    /// <summary>Changes the properties of a version in place.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="found">The version as it was found. Throws NoSuchKey where it is gone.</param>
    /// <param name="change">Gives the version as it is to be, with the same data, or throws.</param>
    public void Change(S3Bucket bucket, S3Object found, Func<S3Object, S3Object> change)
    {
        lock (bucket.Gate)
        {
            S3Object changed = change(bucket.Objects.Find(found.Key, found.VersionId) ?? throw S3Exception.NoSuchKey(found.Key));
            files?.SaveObject(bucket.Name, changed);
            bucket.Objects.Replace(changed);
        }
    }

    /// <summary>Deletes an object: for good, or by a delete marker where the bucket keeps versions.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">Its key.</param>
    /// <param name="now">Time of the marker.</param>
    /// <param name="condition">Sees the object that is there (or null) and throws where it must stay.</param>
    /// <returns>The marker, or null.</returns>
    public S3Object? Delete(S3Bucket bucket, string key, DateTimeOffset now, Action<S3Object?> condition)
    {
        lock (bucket.Gate)
        {
            Check(bucket);
            S3Object? old = bucket.Objects.Current.Find(key);
            condition(old);
            if (bucket.Settings.Versioning != BucketVersioning.Off)
            {
                return Add(bucket, S3Object.Marker(key, now));
            }

            if (old is not null)
            {
                Remove(bucket, old);
            }

            return null;
        }
    }

    /// <summary>Deletes a version for good, if it is there.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">Its key.</param>
    /// <param name="versionId">Its id.</param>
    /// <param name="condition">Sees the version (or null) and throws where it must stay.</param>
    /// <returns>What was deleted, its data gone; null where it was not there.</returns>
    public S3Object? DeleteVersion(S3Bucket bucket, string key, string versionId, Action<S3Object?> condition)
    {
        lock (bucket.Gate)
        {
            S3Object? found = bucket.Objects.Find(key, versionId);
            condition(found);
            if (found is not null)
            {
                Remove(bucket, found);
            }

            return found;
        }
    }

    /// <summary>Begins an upload in parts.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="upload">The upload.</param>
    public void AddUpload(S3Bucket bucket, MultipartUpload upload)
    {
        lock (bucket.Gate)
        {
            Check(bucket);
            files?.SaveUpload(bucket.Name, upload);
            bucket.Uploads[upload.Id] = upload;
        }
    }

    /// <summary>Adds or replaces a part and takes over the hold on its data.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="upload">The upload. Throws NoSuchUpload where it has ended.</param>
    /// <param name="part">The part.</param>
    public void PutPart(S3Bucket bucket, MultipartUpload upload, UploadedPart part)
    {
        lock (bucket.Gate)
        {
            if (!bucket.Uploads.ContainsKey(upload.Id) || bucket.Deleted)
            {
                throw S3Exception.NoSuchUpload(upload.Id);
            }

            files?.SavePart(bucket.Name, upload.Id, part);
            if (upload.Parts.TryGetValue(part.Number, out UploadedPart? old))
            {
                old.Content.Release();
            }

            upload.Parts[part.Number] = part;
        }
    }

    /// <summary>Makes the object of an upload and ends the upload.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="upload">The upload. Throws NoSuchUpload where it has ended.</param>
    /// <param name="condition">Sees the object that is there (or null) and throws where it must stay.</param>
    /// <param name="assemble">Makes the object of the upload's parts, or throws.</param>
    /// <returns>The object.</returns>
    public S3Object Complete(
        S3Bucket bucket, MultipartUpload upload, Action<S3Object?> condition, Func<IReadOnlyDictionary<int, UploadedPart>, S3Object> assemble)
    {
        lock (bucket.Gate)
        {
            if (!bucket.Uploads.ContainsKey(upload.Id) || bucket.Deleted)
            {
                throw S3Exception.NoSuchUpload(upload.Id);
            }

            condition(bucket.Objects.Current.Find(upload.Key));
            S3Object value = assemble(upload.Parts);
            value.Content.Hold();
            try
            {
                value = Add(bucket, value);
            }
            catch
            {
                value.Content.Release();
                throw;
            }

            EndUpload(bucket, upload);
            return value;
        }
    }

    /// <summary>Gives an upload up.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="upload">The upload. Throws NoSuchUpload where it has ended.</param>
    public void Abort(S3Bucket bucket, MultipartUpload upload)
    {
        lock (bucket.Gate)
        {
            if (!bucket.Uploads.ContainsKey(upload.Id))
            {
                throw S3Exception.NoSuchUpload(upload.Id);
            }

            EndUpload(bucket, upload);
        }
    }

    private static void Check(S3Bucket bucket)
    {
        if (bucket.Deleted)
        {
            throw S3Exception.NoSuchBucket(bucket.Name);
        }
    }

    private static S3Object? Find(S3Bucket bucket, string key, string? versionId) =>
        versionId is null ? bucket.Objects.Latest(key) : bucket.Objects.Find(key, versionId);

    private S3Object Add(S3Bucket bucket, S3Object value)
    {
        long sequence = Interlocked.Increment(ref lastSequence);
        value = value with
        {
            Sequence = sequence,
            VersionId = bucket.Settings.Versioning == BucketVersioning.Enabled ? VersionId.Make(sequence) : VersionId.Null,
        };
        files?.SaveObject(bucket.Name, value);
        bucket.Objects.Add(value)?.Content.Release();
        return value;
    }

    private void Remove(S3Bucket bucket, S3Object value)
    {
        files?.DeleteObject(bucket.Name, value);
        bucket.Objects.Remove(value);
        value.Content.Release();
    }

    private void EndUpload(S3Bucket bucket, MultipartUpload upload)
    {
        files?.DeleteUpload(bucket.Name, upload.Id);
        bucket.Uploads.Remove(upload.Id);
        foreach (UploadedPart part in upload.Parts.Values)
        {
            part.Content.Release();
        }
    }
}
