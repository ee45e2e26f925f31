using System.Collections.Concurrent;

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

    /// <summary>Opens a store.</summary>
    /// <param name="folder">Its folder; null for memory only.</param>
    public S3Store(string? folder)
    {
        if (folder is not null)
        {
            files = new StoreFiles(folder);
            foreach (S3Bucket bucket in files.Load())
            {
                buckets[bucket.Name] = bucket;
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
    /// <param name="bucket">The bucket. Throws BucketNotEmpty where it holds objects.</param>
    public void Remove(S3Bucket bucket)
    {
        lock (gate)
        {
            lock (bucket.Gate)
            {
                Check(bucket);
                if (bucket.Objects.Count > 0)
                {
                    throw new S3Exception(
                        409, "BucketNotEmpty", "The bucket you tried to delete is not empty", ("BucketName", bucket.Name));
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

    /// <summary>Finds an object.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">Its key.</param>
    /// <returns>The object, its data held for the caller; null where there is none.</returns>
    public S3Object? Open(S3Bucket bucket, string key)
    {
        lock (bucket.Gate)
        {
            S3Object? found = bucket.Objects.Find(key);
            found?.Content.Hold();
            return found;
        }
    }

    /// <summary>Finds an object whose data the caller does not need.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">Its key.</param>
    /// <returns>The object, or null.</returns>
    public S3Object? Peek(S3Bucket bucket, string key)
    {
        lock (bucket.Gate)
        {
            return bucket.Objects.Find(key);
        }
    }

    /// <summary>Adds or replaces an object and takes over the hold on its data.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="value">The object.</param>
    /// <param name="condition">Sees the object that is there (or null) and throws where it must stay.</param>
    public void Put(S3Bucket bucket, S3Object value, Action<S3Object?> condition)
    {
        lock (bucket.Gate)
        {
            Check(bucket);
            condition(bucket.Objects.Find(value.Key));
            files?.SaveObject(bucket.Name, value);
            bucket.Objects.Put(value)?.Content.Release();
        }
    }

    /// <summary>Changes an object's properties in place.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The object's key. Throws NoSuchKey where there is none.</param>
    /// <param name="change">Gives the object as it is to be, with the same data.</param>
    public void Change(S3Bucket bucket, string key, Func<S3Object, S3Object> change)
    {
        lock (bucket.Gate)
        {
            S3Object changed = change(bucket.Objects.Find(key) ?? throw S3Exception.NoSuchKey(key));
            files?.SaveObject(bucket.Name, changed);
            bucket.Objects.Put(changed);
        }
    }

    /// <summary>Removes an object, if it is there.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">Its key.</param>
    /// <param name="condition">Sees the object that is there (or null) and throws where it must stay.</param>
    public void Delete(S3Bucket bucket, string key, Action<S3Object?> condition)
    {
        lock (bucket.Gate)
        {
            S3Object? old = bucket.Objects.Find(key);
            condition(old);
            if (old is not null)
            {
                files?.DeleteObject(bucket.Name, key);
                bucket.Objects.Remove(key);
                old.Content.Release();
            }
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

            condition(bucket.Objects.Find(upload.Key));
            S3Object value = assemble(upload.Parts);
            files?.SaveObject(bucket.Name, value);
            value.Content.Hold();
            bucket.Objects.Put(value)?.Content.Release();
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
