using System.Buffers;
using System.Diagnostics;
using CloudLab.Core.Errors;
using CloudLab.Core.Reporting;

namespace CloudLab.Core.Storage;

/// <summary>
/// Moves content between this machine and a service. All transfers of one engine share its limit of requests in
/// flight, and with it the memory that their parts take.
/// </summary>
/// <param name="client">The service.</param>
/// <param name="throttle">Most requests in flight.</param>
public sealed class TransferEngine(StorageClient client, int throttle = TransferEngine.DefaultThrottle) : IDisposable
{
    /// <summary>Requests in flight where nobody says otherwise.</summary>
    public const int DefaultThrottle = 8;

    private const int BufferSize = 256 * 1024;
    private const int Attempts = 3;

    private static readonly TimeSpan OpenPatience = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim slots = new(throttle);

    /// <summary>Uploads a file.</summary>
    /// <param name="path">Full path.</param>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">What to store it with.</param>
    /// <param name="meter">Counts what is done, or null.</param>
    /// <param name="cancellation">Cancels the upload; nothing is left of it.</param>
    /// <returns>The transfer. Throws <see cref="LabException"/>.</returns>
    public async Task<LabTransfer> SendAsync(
        string path, string bucket, string key, UploadOptions options, ProgressMeter? meter = null, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        using FileStream file = await OpenReadAsync(path, cancellation);
        long length = file.Length;
        DateTime written = File.GetLastWriteTimeUtc(path);
        meter?.Expect(1, length);
        await using ObjectUpload upload = new(
            client, this, bucket, key, options with { ContentType = options.ContentType ?? ContentTypes.Of(path) }, length, meter, cancellation);
        for (long position = 0; position < length;)
        {
            Memory<byte> space = await upload.SpaceAsync();
            int count;
            try
            {
                count = await file.ReadAsync(space, cancellation);
            }
            catch (IOException e)
            {
                throw LocalFiles.CannotRead(path, e);
            }

            if (count == 0)
            {
                break;
            }

            upload.Advance(count);
            position += count;
        }

        if (file.Position != length || file.Length != length || File.GetLastWriteTimeUtc(path) != written)
        {
            throw new LabException(LabErrorKind.ReadFailed, "FileChanged", $"'{path}' changed while it was read: send it again.") { Target = path };
        }

        StoredObject stored = await upload.CompleteAsync();
        meter?.AddItems();
        return new LabTransfer
        {
            Direction = TransferDirection.Upload,
            Bucket = bucket,
            Key = key,
            FullName = path,
            Size = stored.Size,
            ETag = stored.ETag,
            VersionId = stored.VersionId,
            VerifiedBy = stored.VerifiedBy,
            Duration = Stopwatch.GetElapsedTime(start),
        };
    }

    /// <summary>
    /// Downloads an object. The file appears under its name when it is complete and proved, and not before; what was
    /// there stays until then.
    /// </summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="path">Full path of the file, or of the folder for a key that ends in a slash.</param>
    /// <param name="overwrite">True to replace a file that exists.</param>
    /// <param name="meter">Counts what is done, or null.</param>
    /// <param name="cancellation">Cancels the download; nothing is left of it.</param>
    /// <returns>The transfer. Throws <see cref="LabException"/>.</returns>
    public async Task<LabTransfer> ReceiveAsync(
        string bucket, string key, string path, bool overwrite, ProgressMeter? meter = null, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        await EnterAsync(cancellation);
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                try
                {
                    LabTransfer done = await ReceiveOnceAsync(bucket, key, path, overwrite, meter, start, attempt == 1, cancellation);
                    meter?.AddItems();
                    return done;
                }
                catch (LabException e) when (e.Kind == LabErrorKind.Corrupted && attempt < Attempts)
                {
                    client.Reporter.Verbose($"Gets it again: {e.Message}");
                    await Backoff.DelayAsync(attempt, cancellation);
                }
            }
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Stand-in until the engine's own is merged.</summary>
#pragma warning disable CS1573, CS1591
    public async Task<LabTransfer> CopyAsync(
        string sourceBucket, string sourceKey, string? sourceVersionId, string bucket, string key, UploadOptions options,
        ProgressMeter? meter = null, CancellationToken cancellation = default)
#pragma warning restore CS1573, CS1591
    {
        long start = Stopwatch.GetTimestamp();
        LabObjectMetadata source = await new ObjectStore(client).GetAsync(sourceBucket, sourceKey, cancellation);
        if (options.NoClobber && await new ObjectStore(client).FindAsync(bucket, key, cancellation) is not null)
        {
            // Ceph does not look at If-None-Match of a copy.
            throw StorageClient.Problem(LabErrorKind.AlreadyExists, "ObjectAlreadyExists", bucket, key, "it exists already, and -NoClobber keeps it.");
        }

        meter?.Expect(1, source.Size);
        await EnterAsync(cancellation);
        try
        {
            bool replaces = options.ContentType is not null || options.Metadata.Count > 0;
            Amazon.S3.Model.CopyObjectRequest request = new()
            {
                SourceBucket = sourceBucket, SourceKey = sourceKey, SourceVersionId = sourceVersionId,
                DestinationBucket = bucket, DestinationKey = key, IfNoneMatch = options.NoClobber ? "*" : null,
                MetadataDirective = replaces ? Amazon.S3.S3MetadataDirective.REPLACE : Amazon.S3.S3MetadataDirective.COPY,
                ContentType = replaces ? options.ContentType ?? source.ContentType : null,
            };
            foreach ((string name, string value) in !replaces ? new Dictionary<string, string>() : options.Metadata.Count > 0 ? options.Metadata : source.Metadata)
            {
                request.Metadata[name] = value;
            }

            Amazon.S3.Model.CopyObjectResponse answer = await client.CallAsync(bucket, key, s3 => s3.CopyObjectAsync(request, cancellation), cancellation);
            meter?.AddBytes(source.Size);
            meter?.AddItems();
            return new LabTransfer
            {
                Direction = TransferDirection.Copy, Bucket = bucket, Key = key, SourceBucket = sourceBucket, SourceKey = sourceKey, Size = source.Size,
                ETag = answer.ETag.Trim('"'), VersionId = answer.VersionId, VerifiedBy = "Size", Duration = Stopwatch.GetElapsedTime(start),
            };
        }
        catch (LabException e) when (e.Code is "PreconditionFailed" && options.NoClobber)
        {
            throw StorageClient.Problem(
                LabErrorKind.AlreadyExists, "ObjectAlreadyExists", bucket, key, "it exists already, and -NoClobber keeps it.",
                "Leave -NoClobber out to replace it, or choose another key.", e);
        }
        finally
        {
            Leave();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => slots.Dispose();

    /// <summary>Waits for room for one more request.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Done when there is room; then call <see cref="Leave"/> once.</returns>
    internal Task EnterAsync(CancellationToken cancellation) => slots.WaitAsync(cancellation);

    /// <summary>Gives the room back.</summary>
    internal void Leave() => slots.Release();

    private static async Task<FileStream> OpenReadAsync(string path, CancellationToken cancellation)
    {
        try
        {
            if (OperatingSystem.IsWindows() || new FileInfo(path).Length > 0)
            {
                return OpenRead(path);
            }

            // It may be a pipe, and to open a pipe that nobody writes to takes for ever.
            Task<FileStream> opening = Task.Run(() => OpenRead(path), CancellationToken.None);
            try
            {
                return await opening.WaitAsync(OpenPatience, cancellation);
            }
            catch (Exception e) when (e is TimeoutException or OperationCanceledException)
            {
                _ = opening.ContinueWith(
                    late => late.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
                throw;
            }
        }
        catch (TimeoutException e)
        {
            throw new LabException(
                LabErrorKind.ReadFailed, "FileNotReadable", $"'{path}' does not open: a pipe without a writer is not uploaded.", e) { Target = path };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw LocalFiles.CannotRead(path, e);
        }
    }

    private static FileStream OpenRead(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Open,
        Access = FileAccess.Read,
        Share = FileShare.ReadWrite | FileShare.Delete,
        Options = FileOptions.SequentialScan,
        BufferSize = 0,
    });

    private static T Local<T>(string path, Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw LocalFiles.CannotWrite(path, e);
        }
    }

    private static LabException FileExists(string path) => new(
        LabErrorKind.AlreadyExists, "FileAlreadyExists", $"'{path}' exists already: use -Force to replace it.") { Target = path };

    private async Task<LabTransfer> ReceiveOnceAsync(
        string bucket, string key, string path, bool overwrite, ProgressMeter? meter, long start, bool isFirst,
        CancellationToken cancellation)
    {
        bool isFolder = Path.EndsInDirectorySeparator(path);
        if (!isFolder && !overwrite && File.Exists(path))
        {
            throw FileExists(path);
        }

        if (!isFolder && Directory.Exists(path))
        {
            throw new LabException(
                LabErrorKind.WriteFailed, "FolderInTheWay", $"'{path}' is a folder, so {ObjectName.Uri(bucket, key)} cannot be stored there.") { Target = path };
        }

        using ObjectReadStream content = await ObjectReadStream.OpenAsync(client, bucket, key, meter, cancellation);
        if (isFirst)
        {
            meter?.Expect(1, content.Length);
        }

        if (isFolder && content.Length > 0)
        {
            throw StorageClient.Problem(
                LabErrorKind.InvalidData, "UnsafeKey", bucket, key, $"its key ends in a slash but it holds {content.Length} bytes, which no folder can.",
                "Give the file a name of its own with -OutFile, or read the object with Get-LabObjectContent.");
        }

        Local(path, () => Directory.CreateDirectory(isFolder ? path : Path.GetDirectoryName(path)!));
        if (!isFolder)
        {
            await SaveAsync(content, path, overwrite, cancellation);
        }

        return new LabTransfer
        {
            Direction = TransferDirection.Download,
            Bucket = bucket,
            Key = key,
            FullName = path,
            Size = content.Length,
            ETag = content.ETag,
            VersionId = content.VersionId,
            VerifiedBy = content.VerifiedBy,
            Duration = Stopwatch.GetElapsedTime(start),
        };
    }

    private static async Task SaveAsync(ObjectReadStream content, string path, bool overwrite, CancellationToken cancellation)
    {
        // In the same folder, so that the rename at the end cannot cross a disk.
        string partial = Path.Combine(Path.GetDirectoryName(path)!, LocalFiles.PartialName());
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            await using (FileStream file = Local(path, () => new FileStream(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0)))
            {
                int count;
                while ((count = await content.ReadAsync(buffer, cancellation)) > 0)
                {
                    try
                    {
                        await file.WriteAsync(buffer.AsMemory(0, count), cancellation);
                    }
                    catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                    {
                        throw LocalFiles.CannotWrite(path, e);
                    }
                }
            }

            Local(path, () =>
            {
                File.SetLastWriteTimeUtc(partial, content.LastModified.UtcDateTime);
                if (!overwrite && File.Exists(path))
                {
                    throw FileExists(path);
                }

                File.Move(partial, path, overwrite);
                return true;
            });
        }
        catch
        {
            try
            {
                File.Delete(partial);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // What broke the download matters more than a leftover that says by its name what it is.
            }

            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
