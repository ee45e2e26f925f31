using System.Collections.Concurrent;
using System.Management.Automation;
using System.Security;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Cmdlets.Storage.Objects;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>Base of the cmdlets that bring objects to another key within the service.</summary>
public abstract class CopyCommand : UploadCommand, IObjectNames
{
    /// <summary>Parameter set: objects by key, below a prefix.</summary>
    protected const string KeySet = "Key";

    /// <summary>Parameter set: one object, under a key of its own.</summary>
    protected const string NamedSet = "DestinationKey";

    /// <summary>Parameter set: all that begins with a prefix.</summary>
    protected const string PrefixSet = "Prefix";

    private readonly HashSet<(StorageClient Client, string Bucket, string Key)> written = [];
    private readonly ListedPrefixes listed;

    // What would replace an object that is to be copied itself waits for that, and what failed is not replaced.
    private readonly List<(StorageClient Client, string Bucket, string Key, string? Version, string NewKey)> waiting = [];

    // What began with the prefix of the new keys before anything was written there; null where that may not be listed, so that every key may be one.
    private readonly Dictionary<(StorageClient Client, string Bucket), HashSet<string>?> replaceable = [];
    private readonly ConcurrentDictionary<(StorageClient Client, string Bucket, string Key), bool> failed = [];
    private UploadOptions options = new();
    private EncryptionKey? sourceKey;

    /// <summary>Creates the cmdlet.</summary>
    protected CopyCommand() => listed = new ListedPrefixes(Reporter, prefix => NameFilter.Of(Include, Exclude, prefix), TakeAsync);

    /// <inheritdoc cref="ObjectCommand.Bucket"/>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    public string Bucket { get; set; } = "";

    /// <summary>Exact keys of the objects.</summary>
    [Parameter(ParameterSetName = KeySet, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = NamedSet, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [KeyText]
    [ValidateNotNullOrEmpty]
    public string[] Key { get; set; } = [];

    /// <inheritdoc cref="GetLabObjectCommand.VersionId"/>
    [Parameter(ParameterSetName = KeySet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = NamedSet, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(VersionIdCompleter))]
    [AllowNull]
    [AllowEmptyString]
    public string? VersionId { get; set; }

    /// <summary>Takes all objects whose key begins with this prefix.</summary>
    [Parameter(ParameterSetName = PrefixSet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [AllowEmptyString]
    [ValidateNotNull]
    public string Prefix { get; set; } = "";

    /// <summary>Wildcards; only keys that match one are included. A pattern with a slash is matched against the whole key, one without a slash against the part after the last slash.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Include { get; set; }

    /// <summary>Wildcards; keys that match one, or are in a folder that matches one, are excluded.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Exclude { get; set; }

    /// <summary>Destination bucket; the source's own bucket if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [BucketText]
    [ValidateNotNullOrEmpty]
    public string? DestinationBucket { get; set; }

    /// <summary>New key of one object.</summary>
    [Parameter(ParameterSetName = NamedSet, Mandatory = true, Position = 2)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [ValidateNotNullOrEmpty]
    public string? DestinationKey { get; set; }

    /// <summary>Prefix of the new keys: <c>backup/</c>. No slash is added.</summary>
    [Parameter(ParameterSetName = KeySet)]
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [AllowEmptyString]
    [ValidateNotNull]
    public string DestinationPrefix { get; set; } = "";

    /// <summary>The key of your own (SSE-C) that the source is encrypted with, 32 bytes in Base64.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? SourceCustomerKey { get; set; }

    /// <summary>Does not replace an existing object, which is then an error. The service checks this, so two writers cannot both succeed.</summary>
    [Parameter]
    [Alias("IfNoneMatch")]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Replaces only an object with this ETag: it is an error (PreconditionFailed) if the object has changed.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? IfMatch { get; set; }

    /// <inheritdoc/>
    bool IObjectNames.TakesKeys => ParameterSetName != PrefixSet;

    /// <inheritdoc/>
    string IObjectNames.SecondValueAdvice((string Bucket, string Key) name, string second) => ObjectName.Parse(second) is var (bucket, key)
        ? $"name the target with -DestinationBucket {PowerShellText.Quote(bucket)}{IObjectNames.Parameter(key, "Destination")}"
        : "name the target with -DestinationKey or -DestinationBucket";

    /// <summary>What is asked for with <c>-WhatIf</c> and <c>-Confirm</c>.</summary>
    protected abstract string Action { get; }

    /// <summary>Brings one object to its new key.</summary>
    /// <param name="sourceBucket">Bucket it is in.</param>
    /// <param name="sourceKey">Its key.</param>
    /// <param name="read">Which version of it, and how to read it.</param>
    /// <param name="bucket">Bucket it goes to.</param>
    /// <param name="key">New key.</param>
    /// <param name="options">What it is stored with.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>What was done.</returns>
    protected abstract Task<LabTransfer> TransferAsync(
        string sourceBucket, string sourceKey, ReadOptions read, string bucket, string key, UploadOptions options, CancellationToken cancellation);

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        options = UploadOptions(NoClobber, IfMatch);
        sourceKey = Secrets.ToEncryptionKey(SourceCustomerKey);
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (ParameterSetName == PrefixSet)
        {
            await listed.TakeAsync(Client, Bucket, Prefix, IsPiped(nameof(Prefix)), cancellation);
            return;
        }

        string? version = string.IsNullOrEmpty(VersionId) ? null : VersionId;
        if (Key.Length > 1 && (DestinationKey is not null || version is not null))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "OneKey", "-DestinationKey and -VersionId accept only one key: use -DestinationPrefix for several.");
        }

        foreach (string key in Key)
        {
            if (IsPiped(nameof(Key)))
            {
                listed.AddObject(Client, Bucket, key);
            }

            if (DestinationKey is null && DestinationPrefix.Length > 0 && IsWithin(Bucket) && (IsPiped(nameof(Key)) || Key.Length > 1))
            {
                await StartDeeperAsync(Bucket, key, version, DestinationPrefix + key, IsPiped(nameof(Key)), cancellation);
            }
            else
            {
                await StartAsync(Bucket, key, version, DestinationKey ?? DestinationPrefix + key);
            }
        }
    }

    /// <inheritdoc/>
    protected override Task AfterInputAsync(CancellationToken cancellation) => listed.TakeWholeAsync(WithAsync, WriteProblem, cancellation);

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        // Each comes after the one that it replaces; those of one length have nothing to do with each other. Up a prefix, the shortest is first, else the longest.
        foreach (var level in waiting.GroupBy(one => one.Key.Length).OrderBy(level => level.Key * Math.Sign(level.Key - level.First().NewKey.Length)))
        {
            await Parallel.ForEachAsync(
                level, new ParallelOptions { MaxDegreeOfParallelism = ConcurrentInputs, CancellationToken = cancellation },
                async (one, token) => await ForEachAsync(
                    [one], _ => WithAsync(one.Client, () => ReplaceAsync(one.Bucket, one.Key, one.Version, one.NewKey, token)), _ => ObjectName.Uri(one.Bucket, one.Key)));
        }

        await base.EndAsync(cancellation);
    }

    private bool IsWithin(string bucket) => (DestinationBucket ?? bucket) == bucket;

    private Task TakeAsync(string bucket, LabObject found, string name, CancellationToken cancellation)
    {
        string newKey = DestinationPrefix + name;
        if (!IsWithin(bucket) || !newKey.StartsWith(found.Key[..^name.Length], StringComparison.Ordinal))
        {
            return StartAsync(bucket, found.Key, null, newKey);
        }

        if (newKey.Length > found.Key.Length)
        {
            return StartDeeperAsync(bucket, found.Key, null, newKey, isListed: true, cancellation);
        }

        // Out of 'a/' to '': 'a/a/x' becomes 'a/x', which becomes 'x'. An object that keeps its name is one error or a change in place.
        if (newKey.Length < found.Key.Length)
        {
            waiting.Add((Client, bucket, found.Key, null, newKey));
            return Task.CompletedTask;
        }

        return StartAsync(bucket, found.Key, null, newKey);
    }

    // Out of '' to 'a/': 'x' becomes 'a/x', which becomes 'a/a/x'; and what this command has just written may be listed, too.
    private async Task StartDeeperAsync(string bucket, string key, string? version, string newKey, bool isListed, CancellationToken cancellation)
    {
        if (!replaceable.TryGetValue((Client, bucket), out HashSet<string>? existing))
        {
            replaceable[(Client, bucket)] = existing = await ExistingAsync(bucket, cancellation);
        }

        if (existing is null || existing.Contains(newKey))
        {
            if (IsFirst(bucket, key, bucket, newKey))
            {
                waiting.Add((Client, bucket, key, version, newKey));
            }
        }
        else if (!isListed || existing.Contains(key) || !written.Contains((Client, bucket, key)))
        {
            await StartAsync(bucket, key, version, newKey);
        }
    }

    private async Task<HashSet<string>?> ExistingAsync(string bucket, CancellationToken cancellation)
    {
        HashSet<string> keys = new(StringComparer.Ordinal);
        try
        {
            await foreach (object entry in new ObjectStore(Client).ListAsync(new ObjectListing { Bucket = bucket, Prefix = DestinationPrefix }, cancellation))
            {
                keys.Add(((LabObject)entry).Key);
            }
        }
        catch (LabException e) when (e.Kind is LabErrorKind.AccessDenied or LabErrorKind.NotFound)
        {
            return null;
        }

        return keys;
    }

    private async Task ReplaceAsync(string bucket, string key, string? version, string newKey, CancellationToken cancellation)
    {
        string uri = ObjectName.Uri(bucket, key), newUri = ObjectName.Uri(bucket, newKey);
        if (failed.ContainsKey((Client, bucket, newKey)))
        {
            failed[(Client, bucket, key)] = true;
            throw new LabException(
                LabErrorKind.InvalidData, "DestinationNotCopied", $"{uri} would replace {newUri}, which could not be copied itself: mend that and repeat the command.") { Target = uri };
        }

        if (await ShouldProcessAsync($"{uri} -> {newUri}", Action))
        {
            await TransferAsync(bucket, key, version, bucket, newKey, cancellation);
        }
    }

    private async Task StartAsync(string bucket, string key, string? version, string newKey)
    {
        string newBucket = DestinationBucket ?? bucket, uri = ObjectName.Uri(bucket, key);
        if (IsFirst(bucket, key, newBucket, newKey) && await ShouldProcessAsync($"{uri} -> {ObjectName.Uri(newBucket, newKey)}", Action))
        {
            await StartAsync(uri, token => TransferAsync(bucket, key, version, newBucket, newKey, token));
        }
    }

    private bool IsFirst(string bucket, string key, string newBucket, string newKey)
    {
        if (written.Add((Client, newBucket, newKey)))
        {
            return true;
        }

        string uri = ObjectName.Uri(bucket, key);
        WriteProblem(
            new LabException(
                LabErrorKind.InvalidData,
                "DuplicateKey",
                $"{uri} would become {ObjectName.Uri(newBucket, newKey)}, which this command has already written: use another -DestinationPrefix.")
            {
                Target = uri,
            },
            uri);
        return false;
    }

    private async Task TransferAsync(string bucket, string key, string? version, string newBucket, string newKey, CancellationToken cancellation)
    {
        try
        {
            ReadOptions read = new() { VersionId = version, CustomerKey = sourceKey };
            await WriteAsync(await TransferAsync(bucket, key, read, newBucket, newKey, options, cancellation), cancellation);
        }
        catch (LabException)
        {
            failed[(Client, bucket, key)] = true;
            throw;
        }
    }
}
