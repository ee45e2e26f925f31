using System.Buffers;
using System.Diagnostics;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;
using Microsoft.Win32.SafeHandles;

namespace CloudLab.Core.Storage.Transfers;

/// <summary>
/// Moves content between this machine and a service, and inside a service. All transfers of one engine share its limit on the requests in
/// flight and the bytes in them.
/// </summary>
/// <param name="client">The service.</param>
/// <param name="throttle">Most requests in flight.</param>
public sealed class TransferEngine(StorageClient client, int throttle = TransferEngine.DefaultThrottle)
{
    /// <summary>Requests in flight where nobody says otherwise.</summary>
    public const int DefaultThrottle = 64;

    private const int BufferSize = 256 * 1024;
    private const int Attempts = 3;
    private const long BytesInFlight = 128 * 1024 * 1024;

    // Up to here one stream is as quick as several pieces.
    private const long LargeFrom = 16 * 1024 * 1024;

    // What a request whose size nobody knows yet counts for.
    private const long UnknownSize = 1024 * 1024;

    private string? madeFolder;

    /// <summary>The limit that all transfers of this engine share.</summary>
    internal WorkBudget Budget { get; } = new(throttle, BytesInFlight);

    /// <summary>Uploads a file. One that cannot be rewound (a pipe) is read to its end.</summary>
    /// <param name="path">Full path.</param>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">What to store it with.</param>
    /// <param name="meter">Counts what is done, or null.</param>
    /// <param name="cancellation">Cancels the upload; nothing is left of it unless it is to be resumed.</param>
    /// <returns>The transfer. Throws <see cref="LabException"/>.</returns>
    public async Task<LabTransfer> SendAsync(
        string path, string bucket, string key, UploadOptions options, ProgressMeter? meter = null, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        await using FileStream file = await OpenReadAsync(path, cancellation);
        await using NamedFile content = new(file, path);
        options = options with { ContentType = options.ContentType ?? ContentTypes.Of(path) };
        if (!file.CanSeek)
        {
            meter?.Expect(1);
            return Sent(await SendStreamAsync(content, bucket, key, options, meter, cancellation), bucket, key, path, start, meter);
        }

        long length = file.Length;
        if (length == 0 && await content.ReadAsync(new byte[1], cancellation) > 0)
        {
            // A device, or a file that the system makes up as it is read (/proc), does not say how long it is.
            if (LocalFiles.IsDevice(path))
            {
                throw new LabException(LabErrorKind.ReadFailed, "NotAFile", $"'{path}' is a device: only files can be uploaded.")
                {
                    Target = path,
                    Advice = "Copy the part that you need into a file first.",
                };
            }

            file.Position = 0;
            meter?.Expect(1);
            return Sent(await SendStreamAsync(content, bucket, key, options, meter, cancellation), bucket, key, path, start, meter);
        }

        DateTime written = File.GetLastWriteTimeUtc(path);
        meter?.Expect(1, length);
        ObjectUpload upload = new(client, bucket, key, options, meter);
        FileSource source = new(file.SafeFileHandle, path, length, () => file.Length == length && File.GetLastWriteTimeUtc(path) == written);
        StoredObject stored;
        if (length <= ObjectUpload.PartSize(length))
        {
            using WorkBudget.Room room = await Budget.EnterAsync(length, cancellation);
            stored = await upload.PutAsync(source.Piece(0, length), cancellation);

            // What changed since is told, though what is stored is whole: by its date it would be the newer one.
            source.RefuseChange();
        }
        else
        {
            stored = await SendPartsAsync(upload, source, options.Resume, cancellation);
        }

        return Sent(stored, bucket, key, path, start, meter);
    }

    /// <summary>Uploads what a stream has, whose length need not be known.</summary>
    /// <param name="content">The stream; read to its end.</param>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">What to store it with.</param>
    /// <param name="meter">Counts what is done, or null.</param>
    /// <param name="cancellation">Cancels the upload; nothing is left of it.</param>
    /// <returns>The transfer. Throws <see cref="LabException"/>.</returns>
    public async Task<LabTransfer> SendAsync(
        Stream content, string bucket, string key, UploadOptions options, ProgressMeter? meter = null, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        meter?.Expect(1);
        return Sent(await SendStreamAsync(content, bucket, key, options, meter, cancellation), bucket, key, null, start, meter);
    }

    /// <summary>
    /// Downloads an object. The file appears under its name when it is complete and proved, and not before; what was
    /// there stays until then.
    /// </summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="path">Full path of the file, or of the folder for a key that ends in a slash.</param>
    /// <param name="options">How.</param>
    /// <param name="meter">Counts what is done, or null.</param>
    /// <param name="cancellation">Cancels the download; nothing is left of it unless it is to be resumed.</param>
    /// <returns>The transfer. Throws <see cref="LabException"/>.</returns>
    public async Task<LabTransfer> ReceiveAsync(
        string bucket, string key, string path, DownloadOptions options, ProgressMeter? meter = null, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        bool isFolder = Path.EndsInDirectorySeparator(path);
        if (!isFolder && !options.Overwrite && File.Exists(path))
        {
            throw FileExists(path);
        }

        if (!isFolder && Directory.Exists(path))
        {
            throw new LabException(
                LabErrorKind.WriteFailed, "FolderInTheWay", $"'{path}' is a folder, so {ObjectName.Uri(bucket, key)} cannot be stored there.") { Target = path };
        }

        if (!isFolder && LocalFiles.IsDevice(path))
        {
            throw new LabException(
                LabErrorKind.WriteFailed, "NotAFile", $"'{path}' is a device: an object can be downloaded only to a file.")
            {
                Target = path,
                Advice = "Use Get-LabObjectContent to write the content to the pipeline.",
            };
        }

        // What is known to be large is only looked up first; else the first answer tells.
        ObjectState? state = options.ExpectedSize >= LargeFrom && !isFolder
            ? await new ObjectStore(client).StateAsync(bucket, key, options.Read, cancellation)
            : null;
        for (int attempt = 1; state is null or { Length: < LargeFrom }; attempt++)
        {
            try
            {
                state = await ReceiveSmallAsync(bucket, key, path, isFolder, options, meter, attempt == 1, cancellation);
                break;
            }
            catch (LabException e) when (e.Kind == LabErrorKind.Corrupted && attempt < Attempts)
            {
                client.Reporter.Verbose($"Downloading it again: {e.Message}");
                await Backoff.DelayAsync(attempt, cancellation);
            }
        }

        string proof = state.Proof.Algorithm;
        if (state.Length >= LargeFrom)
        {
            meter?.Expect(1, state.Length);
            proof = await ReceiveLargeAsync(bucket, key, path, state, options, meter, cancellation);
        }

        meter?.AddItems();
        return Done(TransferDirection.Download, new StoredObject(state.ETag, state.VersionId, state.Length, proof), bucket, key, start, path);
    }

    /// <summary>Copies an object inside the service. What the options do not say stays as it is at the source.</summary>
    /// <param name="sourceBucket">Bucket of the source.</param>
    /// <param name="sourceKey">Key of the source.</param>
    /// <param name="read">Which state of the source.</param>
    /// <param name="bucket">Bucket of the copy.</param>
    /// <param name="key">Key of the copy.</param>
    /// <param name="options">What to store the copy with.</param>
    /// <param name="meter">Counts what is done, or null.</param>
    /// <param name="cancellation">Cancels the copy; nothing is left of it.</param>
    /// <returns>The transfer. Throws <see cref="LabException"/>.</returns>
    public async Task<LabTransfer> CopyAsync(
        string sourceBucket, string sourceKey, ReadOptions read, string bucket, string key, UploadOptions options, ProgressMeter? meter = null,
        CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        StoredObject stored = await new ObjectCopy(client, Budget, meter).RunAsync(sourceBucket, sourceKey, read, bucket, key, options, cancellation);
        return Done(TransferDirection.Copy, stored, bucket, key, start, null, sourceBucket, sourceKey);
    }

    private LabTransfer Sent(StoredObject stored, string bucket, string key, string? path, long start, ProgressMeter? meter)
    {
        meter?.AddItems();
        return Done(TransferDirection.Upload, stored, bucket, key, start, path);
    }

    private LabTransfer Done(
        TransferDirection direction, StoredObject stored, string bucket, string key, long start, string? path, string? sourceBucket = null,
        string? sourceKey = null) => client.Origin.Mark(new LabTransfer
        {
            Direction = direction,
            Bucket = bucket,
            Key = key,
            SourceBucket = sourceBucket,
            SourceKey = sourceKey,
            FullName = path,
            Size = stored.Size,
            ETag = stored.ETag,
            VersionId = stored.VersionId,
            VerifiedBy = stored.VerifiedBy,
            Duration = Stopwatch.GetElapsedTime(start),
        });

    private async Task<StoredObject> SendStreamAsync(
        Stream content, string bucket, string key, UploadOptions options, ProgressMeter? meter, CancellationToken cancellation)
    {
        await using ObjectWriter writer = new(client, this, bucket, key, options, meter, cancellation);
        await writer.WriteAsync(content);
        return await writer.StoreAsync();
    }

    private async Task<StoredObject> SendPartsAsync(ObjectUpload upload, FileSource source, bool resume, CancellationToken cancellation)
    {
        long size = ObjectUpload.PartSize(source.Length);
        IReadOnlyDictionary<int, LabUploadPart> there = resume ? await upload.FindUnfinishedAsync(cancellation) : new Dictionary<int, LabUploadPart>();
        if (there.TryGetValue(1, out LabUploadPart? first) && first.Size < source.Length && (source.Length + first.Size - 1) / first.Size <= ObjectUpload.MostParts)
        {
            size = first.Size;
        }

        try
        {
            if (upload.UploadId is null)
            {
                await upload.BeginAsync(cancellation);
            }
            else
            {
                client.Reporter.Verbose($"{upload.Uri}: resuming upload {upload.UploadId}, {there.Count} parts of it are already stored.");
            }

            await using SideBySide<UploadedPart> parts = new(cancellation);
            for (long at = 0; at < source.Length; at += size)
            {
                int number = parts.Count + 1;
                S3Body body = source.Piece(at, Math.Min(size, source.Length - at));
                WorkBudget.Room room = await parts.UnlessFailedAsync(Budget.EnterAsync(body.Length, parts.Token));
                parts.Start(async () =>
                {
                    using (room)
                    {
                        return (there.TryGetValue(number, out LabUploadPart? known) ? upload.Adopt(number, body, known) : null)
                            ?? await upload.SendPartAsync(number, body, parts.Token);
                    }
                });
            }

            IReadOnlyList<UploadedPart> sent = await parts.WhenAllAsync();
            source.RefuseChange();
            return await upload.CompleteAsync(sent, cancellation);
        }
        catch (Exception e)
        {
            // Only what another try may bring to its end is kept.
            bool passes = e is OperationCanceledException
                || e is LabException
                {
                    Kind: LabErrorKind.ConnectionFailed or LabErrorKind.Timeout or LabErrorKind.ServiceFailed or LabErrorKind.LimitExceeded
                        or LabErrorKind.AuthenticationFailed or LabErrorKind.AccessDenied
                };
            if (!resume || !passes)
            {
                await upload.AbortAsync();
            }
            else if (upload.UploadId is not null)
            {
                client.Reporter.Warning($"{upload.Uri}: the unfinished upload is kept; run the same command with -Resume to continue it.");
            }

            throw;
        }
    }

    private static async Task<FileStream> OpenReadAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return await InputFile.OpenAsync(path, cancellation);
        }
        catch (TimeoutException e)
        {
            throw new LabException(
                LabErrorKind.ReadFailed, "FileNotReadable", $"'{path}' cannot be opened: it is a pipe without a writer.", e) { Target = path };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw LocalFiles.CannotRead(path, e);
        }
    }

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
        LabErrorKind.AlreadyExists, "FileAlreadyExists", $"'{path}' already exists: use -Force to replace it.") { Target = path };

    private async Task<ObjectState> ReceiveSmallAsync(
        string bucket, string key, string path, bool isFolder, DownloadOptions options, ProgressMeter? meter, bool isFirst,
        CancellationToken cancellation)
    {
        using WorkBudget.Room room = await Budget.EnterAsync(options.ExpectedSize ?? UnknownSize, cancellation);
        await using ObjectReadStream content = await ObjectReadStream.OpenAsync(client, bucket, key, options.Read, meter, cancellation);
        ObjectState state = new(content.Length, content.ETag, content.VersionId, content.LastModified, content.Proof);
        if (isFolder && content.Length > 0)
        {
            throw StorageClient.Problem(
                LabErrorKind.InvalidData, "UnsafeKey", bucket, key, $"its key ends in a slash and so means a folder, but it has {content.Length} bytes of content.",
                "Name the file with -OutFile, or read the object with Get-LabObjectContent.");
        }

        if (content.Length >= LargeFrom)
        {
            return state;
        }

        if (isFirst)
        {
            meter?.Expect(1, content.Length);
        }

        MakeFolder(isFolder ? path : Path.GetDirectoryName(path)!, bucket, key);
        if (!isFolder)
        {
            await SaveAsync(path, null, state.LastModified, options.Overwrite, async file =>
            {
                byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
                try
                {
                    int count;
                    for (long at = 0; (count = await content.ReadAsync(buffer, cancellation)) > 0; at += count)
                    {
                        LocalFiles.Write(path, file, buffer.AsSpan(0, count), at);
                    }
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            });
        }

        return state;
    }

    private async Task<string> ReceiveLargeAsync(
        string bucket, string key, string path, ObjectState state, DownloadOptions options, ProgressMeter? meter, CancellationToken cancellation)
    {
        MakeFolder(Path.GetDirectoryName(path)!, bucket, key);
        string? kept = options.Resume ? DownloadJournal.PartialPath(path, ObjectName.Uri(bucket, key)) : null;
        string proof = "";
        await SaveAsync(path, kept, state.LastModified, options.Overwrite, async file =>
        {
            ObjectDownload download = new(client, Budget, bucket, key, state, options.Read, meter);
            proof = await download.FetchAsync(
                path, file, kept is null ? null : (mark, pieces) => DownloadJournal.Open(kept, mark, file, pieces), cancellation);
            RandomAccess.SetLength(file, state.Length);
        });
        return proof;
    }

    private void MakeFolder(string folder, string bucket, string key)
    {
        // Most files of one download go into the same folder.
        if (madeFolder != folder)
        {
            for (string? at = folder; at is not null && !Directory.Exists(at); at = Path.GetDirectoryName(at))
            {
                if (File.Exists(at))
                {
                    throw new LabException(
                        LabErrorKind.WriteFailed, "FileInTheWay", $"'{at}' is a file, and {ObjectName.Uri(bucket, key)} needs a folder of that name.")
                    {
                        Target = at,
                        Advice = "Download it to another place with -OutFile or -Destination.",
                    };
                }
            }

            Local(folder, () => Directory.CreateDirectory(folder));
            madeFolder = folder;
        }
    }

    private async Task SaveAsync(string path, string? kept, DateTimeOffset date, bool overwrite, Func<SafeFileHandle, Task> fill)
    {
        // In the same folder, so that the rename at the end cannot cross a disk.
        string partial = kept ?? Path.Combine(Path.GetDirectoryName(path)!, LocalFiles.PartialName());
        bool complete = false;
        try
        {
            using (SafeFileHandle file = Local(path, () => File.OpenHandle(
                partial, kept is null ? FileMode.CreateNew : FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None)))
            {
                await fill(file);
                complete = true;
            }

            Local(path, () =>
            {
                File.SetLastWriteTimeUtc(partial, date.UtcDateTime);
                if (!overwrite && File.Exists(path))
                {
                    throw FileExists(path);
                }

                File.Move(partial, path, overwrite);
                return true;
            });
        }
        catch (Exception e)
        {
            if (kept is null || complete || e is LabException { Kind: LabErrorKind.Corrupted or LabErrorKind.Conflict })
            {
                try
                {
                    File.Delete(partial);
                }
                catch (Exception left) when (left is IOException or UnauthorizedAccessException)
                {
                    // What broke the download matters more than a leftover that says by its name what it is.
                    client.Reporter.Verbose($"'{partial}' could not be deleted: {left.Message}");
                }
            }
            else
            {
                client.Reporter.Warning($"'{path}': the unfinished download is kept; run the same command with -Resume to continue it.");
            }

            throw;
        }
    }

    /// <summary>A file that is read to its end; what goes wrong is an error that names it.</summary>
    private sealed class NamedFile(FileStream file, string path) : ForwardStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await file.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw LocalFiles.CannotRead(path, e);
            }
        }
    }

    /// <summary>The file of one upload.</summary>
    private sealed class FileSource(SafeFileHandle file, string path, long length, Func<bool> isUnchanged)
    {
        public long Length => length;

        public S3Body Piece(long start, long size) => S3Body.Of(file, path, start, size, RefuseChange);

        public void RefuseChange()
        {
            if (!isUnchanged())
            {
                throw LocalFiles.Changed(path);
            }
        }
    }
}
