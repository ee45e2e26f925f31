using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Streams;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Cmdlets.Storage.OnCluster;
using CloudLab.Cmdlets.Storage.Transfers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.OnCluster;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>Deletes objects.</summary>
/// <remarks>
/// <para>Objects from the pipeline are deleted in batches of up to 1,000, several batches at once. An object that does not exist counts as
/// deleted, as in S3. In a bucket that keeps versions the object is hidden and its versions stay; -VersionId, and input from
/// Get-LabObject -Versions, delete versions permanently. Deleting a delete marker brings the object back.</para>
/// <para>It asks before each object, and with -Prefix once for all of them, unless -Force or -Confirm:$false is given. To see each key
/// under a prefix, pipe the listing: <c>Get-LabObject -Bucket movies -Prefix tmp/ | Remove-LabObject -WhatIf</c>.</para>
/// <para>With -OnCluster the objects under -Prefix are deleted by a Kubernetes Job, as Copy-LabObject -OnCluster copies: the keys are cut into ranges,
/// workers with credentials of their own delete them, and a LabTransferJob with totals and every object that failed is written. Objects that a worker
/// deleted between its last checkpoint and being killed are missing in the totals. Ctrl+C leaves the Job running; Wait-LabTransferJob comes back to it.</para>
/// <para>Errors: one for each object that could not be deleted (AccessDenied, KeyTooLongError, …); NoSuchBucket. With -OnCluster also those of Copy-LabObject -OnCluster.</para>
/// </remarks>
/// <example>
/// <para>Deletes one object.</para>
/// <code>Remove-LabObject -Bucket movies -Key data/old.json -Force</code>
/// </example>
/// <example>
/// <para>Shows which objects would be deleted.</para>
/// <code>Get-LabObject -Bucket movies -Include *.json | Remove-LabObject -WhatIf</code>
/// </example>
/// <example>
/// <para>Permanently deletes all versions except the latest.</para>
/// <code>Get-LabObject -Bucket movies -Prefix tmp/ -Versions | Where-Object -Not IsLatest | Remove-LabObject -Force</code>
/// </example>
/// <example>
/// <para>Deletes everything under a prefix.</para>
/// <code>Remove-LabObject -Bucket movies -Prefix tmp/ -Force</code>
/// </example>
/// <example>
/// <para>Keeps the three newest of the dated folders in backup/.</para>
/// <code>Get-LabObject movies backup/ -Delimiter / | Sort-Object Prefix -Descending | Select-Object -Skip 3 | ForEach-Object { Remove-LabObject movies -Prefix $_.Prefix -Force }</code>
/// </example>
/// <example>
/// <para>Shows how a deletion would run on a cluster.</para>
/// <code>Remove-LabObject -Bucket movies -Prefix tmp/ -OnCluster -WhatIf</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Objects.LabObject: anything with Bucket and Key.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabObject", DefaultParameterSetName = KeySet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(LabTransferJob))]
public sealed class RemoveLabObjectCommand : StorageCommand, IObjectNames, IClusterTransfer
{
    private const string KeySet = "Key", PrefixSet = "Prefix";

    private readonly Dictionary<(StorageClient Client, string Bucket), List<ObjectVersion>> waiting = [];
    private ProgressMeter? meter;
    private string? files;

    /// <inheritdoc cref="ObjectCommand.Bucket"/>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    public string Bucket { get; set; } = "";

    /// <summary>Exact keys of the objects. No wildcards: pipe Get-LabObject -Include instead.</summary>
    [Parameter(ParameterSetName = KeySet, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [KeyText]
    [ValidateNotNullOrEmpty]
    public string[] Key { get; set; } = [];

    /// <summary>
    /// Version to delete permanently, for one key. From the pipeline it is used only in the output of Get-LabObject -Versions: an object that was
    /// looked up also has a version, but the object itself is to be deleted.
    /// </summary>
    [Parameter(ParameterSetName = KeySet, ValueFromPipelineByPropertyName = true)]
    [Alias("Version")]
    [ArgumentCompleter(typeof(VersionIdCompleter))]
    [AllowNull]
    [AllowEmptyString]
    public string? VersionId { get; set; }

    /// <summary>
    /// Set by the output of Get-LabObject -Versions in the pipeline: the version is to be deleted. It does not choose versions and cannot be given: use Where-Object.
    /// </summary>
    [Parameter(ParameterSetName = KeySet, ValueFromPipelineByPropertyName = true)]
    public object? IsLatest { get; set; }

    /// <summary>Deletes versions under a retention in governance mode, if you are allowed to.</summary>
    [Parameter]
    public SwitchParameter BypassGovernanceRetention { get; set; }

    /// <summary>Deletes all objects whose key begins with this prefix; an empty string means the whole bucket.</summary>
    [Parameter(ParameterSetName = PrefixSet, Mandatory = true)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [AllowEmptyString]
    [ValidateNotNull]
    public string Prefix { get; set; } = "";

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>How many batches to send at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 4;

    /// <summary>Hands the deletion to a Kubernetes cluster: for a bucket that is more than one machine's work.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    public SwitchParameter OnCluster { get; set; }

    /// <inheritdoc cref="CopyLabObjectCommand.Image"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string Image { get; set; } = "cloudlab";

    /// <inheritdoc cref="StartLabPodCommand.Pull"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [Alias("ImagePullPolicy")]
    [ValidateSet("Always", "IfNotPresent", "Never")]
    public string? Pull { get; set; }

    /// <inheritdoc cref="CopyLabObjectCommand.ImagePullSecret"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [Alias("ImagePullSecrets")]
    [ArgumentCompleter(typeof(ReferencedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] ImagePullSecret { get; set; } = [];

    /// <inheritdoc cref="CopyLabObjectCommand.Parallelism"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [ValidateRange(1, 10000)]
    public int Parallelism { get; set; } = 4;

    /// <inheritdoc cref="CopyLabObjectCommand.RangeCount"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [Alias("Range")]
    [ValidateRange(1, 10000)]
    public int RangeCount { get; set; }

    /// <inheritdoc cref="CopyLabObjectCommand.JobName"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
    public string? JobName { get; set; }

    /// <inheritdoc cref="KubeCommand.KubeConfig"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [ValidateNotNullOrEmpty]
    public string[]? KubeConfig { get; set; }

    /// <inheritdoc cref="CopyLabObjectCommand.Context"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [Alias("KubeContext")]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Context { get; set; }

    /// <inheritdoc cref="CopyLabObjectCommand.Namespace"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <inheritdoc cref="CopyLabObjectCommand.CredentialSecret"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(ReferencedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? CredentialSecret { get; set; }

    /// <inheritdoc cref="CopyLabObjectCommand.ServiceAccount"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(ReferencedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ServiceAccount { get; set; }

    /// <inheritdoc cref="CopyLabObjectCommand.WorkerEndpointUrl"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [ValidateNotNull]
    public Uri? WorkerEndpointUrl { get; set; }

    /// <inheritdoc cref="CopyLabObjectCommand.BackoffLimit"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [ValidateRange(0, 1000)]
    public int BackoffLimit { get; set; } = 6;

    /// <inheritdoc cref="CopyLabObjectCommand.CheckpointInterval"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [ValidateRange(1, 1000)]
    public int CheckpointInterval { get; set; } = 1000;

    /// <inheritdoc cref="CopyLabObjectCommand.HostNetwork"/>
    [Parameter(ParameterSetName = PrefixSet)]
    public SwitchParameter HostNetwork { get; set; }

    /// <inheritdoc cref="CopyLabObjectCommand.Request"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [Alias("Requests")]
    [ValidateNotNull]
    [PSDefaultValue(Help = "@{ cpu = '100m'; memory = '128Mi' }")]
    public Hashtable Request { get; set; } = new() { ["cpu"] = "100m", ["memory"] = "128Mi" };

    /// <inheritdoc cref="CopyLabObjectCommand.Limit"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [Alias("Limits")]
    [ValidateNotNull]
    public Hashtable Limit { get; set; } = [];

    /// <inheritdoc cref="CopyLabObjectCommand.NoWait"/>
    [Parameter(ParameterSetName = PrefixSet)]
    public SwitchParameter NoWait { get; set; }

    /// <inheritdoc/>
    bool IClusterTransfer.OnCluster => OnCluster;

    /// <inheritdoc/>
    bool IClusterTransfer.HostNetwork => HostNetwork;

    /// <inheritdoc/>
    bool IClusterTransfer.NoWait => NoWait;

    /// <inheritdoc/>
    bool IObjectNames.TakesKeys => ParameterSetName != PrefixSet;

    /// <inheritdoc/>
    string IObjectNames.KeyAdvice => "use -Key, -Prefix for everything under a prefix, or -Bucket as s3://bucket/key";

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <inheritdoc/>
    protected override SessionOptions Options() => base.Options() with { KubeConfig = files, KubeContext = Context, Namespace = Namespace };

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        files = FilePath.Joined(this, KubeConfig);
        base.OnBegin();
        if (MyInvocation.BoundParameters.ContainsKey(nameof(IsLatest)))
        {
            // For one who takes it for a filter, the latest versions would be gone too.
            throw new LabException(
                LabErrorKind.InvalidArgument, "NotAFilter",
                "-IsLatest does not choose versions: use Get-LabObject -Versions | Where-Object -Not IsLatest | Remove-LabObject.");
        }

        ClusterTransfer.Check(OnCluster, MyInvocation.BoundParameters.Keys, nameof(BypassGovernanceRetention));
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (OnCluster)
        {
            await ProcessOnClusterAsync(cancellation);
            return;
        }

        meter ??= new ProgressMeter(Reporter, "Deleting objects");
        if (ParameterSetName == KeySet)
        {
            // Any value tells that it is a version; from Import-Csv it is a text.
            string? version = !string.IsNullOrEmpty(VersionId) && (IsLatest?.ToString() is { Length: > 0 } || !MyInvocation.ExpectingInput) ? VersionId : null;
            RefuseOneVersionOfSeveral(version, Key);

            foreach (string key in Key)
            {
                string uri = ObjectName.Uri(Bucket, key);
                if (version is null && await IsWildcardAsync(key, cancellation))
                {
                    WriteProblem(
                        new LabException(
                            LabErrorKind.NotFound, "NoSuchKey", $"There is no object {uri}: nothing was deleted.")
                        {
                            Target = uri, Advice = ObjectName.AdviceOnMissing(Bucket, key, "Remove-LabObject"),
                        },
                        uri);
                    continue;
                }

                if (version is null
                    ? await ShouldProcessAsync(uri, "Delete object", Force)
                    : await ShouldProcessAsync($"{uri} version {version}", "Delete version permanently", Force))
                {
                    await AddAsync(Bucket, new ObjectVersion(key, version));
                }
            }
        }
        else if (await ShouldProcessAsync(ObjectName.Uri(Bucket, Prefix) + "*", "Delete every object", Force))
        {
            await foreach (object entry in Objects.ListAsync(new ObjectListing { Bucket = Bucket, Prefix = Prefix }, cancellation))
            {
                await AddAsync(Bucket, new ObjectVersion(((LabObject)entry).Key));
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        foreach (((StorageClient client, string bucket), List<ObjectVersion> keys) in waiting)
        {
            try
            {
                await RemoveAsync(client, bucket, keys, cancellation);
            }
            catch (LabException e)
            {
                WriteProblem(e, bucket);
            }
        }

        meter?.Dispose();
    }

    private Task ProcessOnClusterAsync(CancellationToken cancellation) => new ClusterTransfer(this, Lab, Reporter).RunAsync(
        new TransferPlan
        {
            Id = JobName ?? TransferJobs.NewName(TransferAction.Remove, Bucket),
            Action = TransferAction.Remove,
            Source = ClusterTransfer.Place(Lab, Bucket, Prefix, WorkerEndpointUrl),
            ThrottleLimit = ThrottleLimit,
            Ranges = [],
        },
        Client, Client, null, null, (target, action) => ShouldProcessAsync(target, action, Force), () => AskAsync(IsWhatIf), job => WriteAsync(job, cancellation), cancellation);

    // S3 deletes what is not there without a word, so that a wildcard would look as if it had worked.
    private async Task<bool> IsWildcardAsync(string key, CancellationToken cancellation)
    {
        if (IsPiped(nameof(Key)) || !key.AsSpan().ContainsAny('*', '?'))
        {
            return false;
        }

        try
        {
            return await Objects.FindAsync(Bucket, key, ReadOptions.Default, cancellation) is null;
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            // Who may delete need not be allowed to look.
            return false;
        }
    }

    private async Task AddAsync(string bucket, ObjectVersion victim)
    {
        StorageClient client = Client;
        if (!waiting.TryGetValue((client, bucket), out List<ObjectVersion>? keys))
        {
            waiting[(client, bucket)] = keys = [];
        }

        keys.Add(victim);
        if (keys.Count == ObjectStore.MostKeysInBatch)
        {
            waiting.Remove((client, bucket));
            await StartAsync(bucket, token => RemoveAsync(client, bucket, keys, token));
        }
    }

    private async Task RemoveAsync(StorageClient client, string bucket, List<ObjectVersion> keys, CancellationToken cancellation)
    {
        IReadOnlyList<LabException> failures = await new ObjectStore(client).RemoveAsync(bucket, keys, BypassGovernanceRetention, cancellation);
        foreach (LabException failure in failures)
        {
            WriteProblem(failure, failure.Target);
        }

        meter!.AddItems(keys.Count - failures.Count);
    }
}
