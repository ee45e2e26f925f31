using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Streams;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Storage.OnCluster;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.OnCluster;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>Copies objects within a bucket or to another one, without moving their content through this machine.</summary>
/// <remarks>
/// <para>Objects named by -Key or from the pipeline keep their whole key after -DestinationPrefix, and so do the objects of a folder from the
/// pipeline; if the pipeline has a folder as well as objects in it, only these objects are copied. With -Prefix the name is the part after
/// the last slash of the prefix, as with Receive-LabObject. -DestinationKey sets the new key of one object. Without -DestinationBucket
/// the copies stay in the bucket.</para>
/// <para>Content type, metadata and tags are those of the source unless set by parameters. Copying an object to its own key is how they
/// are changed in place. An object of more than 5 GiB is copied in parts. Several objects are copied at once. A copy appears when it
/// is complete, and replaces an object of the same key unless -NoClobber is given.</para>
/// <para>With -OnCluster the objects under -Prefix are copied by a Kubernetes Job. The keys are cut into ranges of about the same number of objects, each
/// an index of the Job; its workers run the image that -Image names, with the credentials of -CredentialSecret or -ServiceAccount. Each notes
/// in the destination bucket (.cloudlab-transfer/) how far it is, so that a range is taken up where it was after its worker was
/// killed. An object that is there already and the same is not copied again. The command waits for the end and writes a LabTransferJob with totals,
/// throughput and every object that failed; Ctrl+C leaves the Job running, and Wait-LabTransferJob comes back to it. -WhatIf shows the plan with
/// an estimate of the time, and changes nothing. The workers trust the certificate authorities that the session trusts (AWS_CA_BUNDLE, Connect-Lab -CaBundle);
/// all other settings of theirs, AWS_ENDPOINT_URL_STS and AWS_ROLE_ARN for a web identity among them, are entries of the Secret.</para>
/// <para>Errors: NoSuchKey, NoSuchBucket, NoSuchVersion; ObjectAlreadyExists with -NoClobber; DuplicateKey when two objects of one command
/// would have the same new key; DestinationNotCopied where an object would replace one of the same command that could not be copied;
/// InvalidRequest for a copy onto itself that changes nothing; AccessDenied. With -OnCluster also OnClusterOnly and NotOnCluster for
/// parameters that do not go together; CopyOntoItself, PlanTooLarge; JobNameTooLong, AlreadyExists, NoWorkerCredentials, SecretNotFound, SecretIncomplete, SecretWrongType, which are
/// told before anything is asked or created; WorkersNotStarted with what the pods say (an image that cannot be pulled), TransferFailed, TransferStopped, WaitTimeout, Forbidden.</para>
/// </remarks>
/// <example>
/// <para>Copies one object.</para>
/// <code>Copy-LabObject -Bucket movies -Key data/users.json -DestinationKey data/users-old.json</code>
/// </example>
/// <example>
/// <para>Copies everything under a prefix to another bucket.</para>
/// <code>$null = New-LabBucket movie-archive; Copy-LabObject -Bucket movies -Prefix data/ -DestinationBucket movie-archive -DestinationPrefix 2026/</code>
/// </example>
/// <example>
/// <para>Copies the objects of a listing.</para>
/// <code>Get-LabObject -Bucket movies -Include *.json | Copy-LabObject -DestinationPrefix backup/</code>
/// </example>
/// <example>
/// <para>Changes the content type of an object in place.</para>
/// <code>Copy-LabObject -Bucket movies -Key data/users.json -DestinationKey data/users.json -ContentType text/plain</code>
/// </example>
/// <example>
/// <para>Shows how a copy would run on a cluster, and about how long it would take.</para>
/// <code>$null = New-LabBucket movie-mirror; Copy-LabObject -Bucket movies -Prefix '' -DestinationBucket movie-mirror -OnCluster -Parallelism 8 -WhatIf</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Objects.LabObject, LabPrefix: anything with Bucket, and Key or Prefix.</inputtype>
[Cmdlet(VerbsCommon.Copy, "LabObject", SupportsShouldProcess = true)]
[OutputType(typeof(LabTransfer), typeof(LabTransferJob))]
public sealed class CopyLabObjectCommand : CopyCommand, IClusterTransfer
{
    private string? files;

    /// <summary>Hands the copy to a Kubernetes cluster: for a bucket that is more than one machine's work.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    public SwitchParameter OnCluster { get; set; }

    /// <summary>Image of the workers, with -OnCluster: one with <c>cloudlab</c> in it. examples/image has its Dockerfile.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string Image { get; set; } = "cloudlab";

    /// <inheritdoc cref="StartLabPodCommand.Pull"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [Alias("ImagePullPolicy")]
    [ValidateSet("Always", "IfNotPresent", "Never")]
    public string? Pull { get; set; }

    /// <summary>Secrets of type kubernetes.io/dockerconfigjson in the namespace, with -OnCluster: what the nodes pull the image of the workers with, where its registry asks for a password.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [Alias("ImagePullSecrets")]
    [ArgumentCompleter(typeof(ReferencedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] ImagePullSecret { get; set; } = [];

    /// <summary>Workers at once, with -OnCluster.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ValidateRange(1, 10000)]
    public int Parallelism { get; set; } = 4;

    /// <summary>How many ranges the keys are cut into, with -OnCluster: each is one index of the Job. If omitted, one for each 5,000 objects, but at least one and at most eight for each worker.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [Alias("Range")]
    [ValidateRange(1, 10000)]
    public int RangeCount { get; set; }

    /// <summary>Name of the Job, with -OnCluster; made from that of the bucket if omitted.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
    public string? JobName { get; set; }

    /// <inheritdoc cref="KubeCommand.KubeConfig"/>
    [Parameter(ParameterSetName = PrefixSet)]
    [ValidateNotNullOrEmpty]
    public string[]? KubeConfig { get; set; }

    /// <summary>Name of a context in the kubeconfig.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [Alias("KubeContext")]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Context { get; set; }

    /// <summary>Namespace of the Job, with -OnCluster; if omitted, that of Connect-Lab or the context, otherwise <c>default</c>.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>Secret in the namespace whose entries become the workers' environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN for temporary keys.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(ReferencedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? CredentialSecret { get; set; }

    /// <summary>Service account of the workers, for credentials by web identity instead of a Secret.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(ReferencedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ServiceAccount { get; set; }

    /// <summary>Base URL of the storage service as the workers reach it, where that differs from the one in use here.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ValidateNotNull]
    public Uri? WorkerEndpointUrl { get; set; }

    /// <summary>How often a range is taken up again after its worker failed, with -OnCluster. Evictions and lost nodes do not count.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ValidateRange(0, 1000)]
    public int BackoffLimit { get; set; } = 6;

    /// <summary>After how many objects a worker notes how far it is, with -OnCluster: as many are looked at again after it was killed.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ValidateRange(1, 1000)]
    public int CheckpointInterval { get; set; } = 1000;

    /// <summary>Gives the workers the network of their node, with -OnCluster.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    public SwitchParameter HostNetwork { get; set; }

    /// <summary>What each worker reserves, with -OnCluster.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [Alias("Requests")]
    [ValidateNotNull]
    [PSDefaultValue(Help = "@{ cpu = '100m'; memory = '128Mi' }")]
    public Hashtable Request { get; set; } = new() { ["cpu"] = "100m", ["memory"] = "128Mi" };

    /// <summary>What each worker may use at most, with -OnCluster: <c>@{ memory = '512Mi' }</c>.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [Alias("Limits")]
    [ValidateNotNull]
    public Hashtable Limit { get; set; } = [];

    /// <summary>Writes the job once it has started, with -OnCluster, and does not wait for its end.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Session of the service that the copies go to, with -OnCluster, where it is another one than the source's: the content then passes through the workers.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ValidateNotNull]
    public LabSession? DestinationSession { get; set; }

    /// <summary>Secret with the workers' credentials for the service of -DestinationSession.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(ReferencedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? DestinationCredentialSecret { get; set; }

    /// <summary>Base URL of the service of -DestinationSession as the workers reach it, where that differs from the one in use here.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ValidateNotNull]
    public Uri? DestinationWorkerEndpointUrl { get; set; }

    /// <inheritdoc/>
    bool IClusterTransfer.OnCluster => OnCluster;

    /// <inheritdoc/>
    bool IClusterTransfer.HostNetwork => HostNetwork;

    /// <inheritdoc/>
    bool IClusterTransfer.NoWait => NoWait;

    /// <inheritdoc/>
    protected override string Activity => "Copying objects";

    /// <inheritdoc/>
    protected override string Action => "Copy object";

    /// <inheritdoc/>
    protected override Task<LabTransfer> TransferAsync(
        string sourceBucket, string sourceKey, ReadOptions read, string bucket, string key, UploadOptions options, CancellationToken cancellation) =>
        Engine.CopyAsync(sourceBucket, sourceKey, read, bucket, key, options, Meter, cancellation);

    /// <inheritdoc/>
    protected override SessionOptions Options() => base.Options() with { KubeConfig = files, KubeContext = Context, Namespace = Namespace };

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        files = FilePath.Joined(this, KubeConfig);
        base.OnBegin();
        ClusterTransfer.Check(OnCluster, MyInvocation.BoundParameters.Keys, nameof(ContentType), nameof(Metadata), nameof(Tag), nameof(CacheControl), nameof(ContentDisposition), nameof(ContentEncoding),
            nameof(ContentLanguage), nameof(ServerSideEncryption), nameof(KmsKeyId), nameof(CustomerKey), nameof(SourceCustomerKey), nameof(ChecksumAlgorithm), nameof(IfMatch));
        if (DestinationSession is null
            && new[] { nameof(DestinationCredentialSecret), nameof(DestinationWorkerEndpointUrl) }.FirstOrDefault(MyInvocation.BoundParameters.ContainsKey) is { } name)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "DestinationSessionOnly", $"-{name} needs -DestinationSession: give it too, or omit -{name}.");
        }
    }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => OnCluster ? ProcessOnClusterAsync(cancellation) : base.ProcessAsync(cancellation);

    private async Task ProcessOnClusterAsync(CancellationToken cancellation)
    {
        StorageClient results = DestinationSession is null ? Client : new StorageClient(DestinationSession, Reporter);
        bool two = DestinationSession is not null && !SessionOrigin.IsSame(results.Origin.EndpointUrl, Client.Origin.EndpointUrl);
        string bucket = DestinationBucket ?? Bucket;
        if (!two && bucket == Bucket)
        {
            await new TransferPlanner(Client).RequireApartAsync(Bucket, Prefix, DestinationPrefix, cancellation);
        }

        TransferPlan plan = new()
        {
            Id = JobName ?? TransferJobs.NewName(TransferAction.Copy, Bucket),
            Action = TransferAction.Copy,
            Source = ClusterTransfer.Place(Lab, Bucket, Prefix, WorkerEndpointUrl),
            Destination = ClusterTransfer.Place(DestinationSession ?? Lab, bucket, DestinationPrefix, two ? DestinationWorkerEndpointUrl : WorkerEndpointUrl),
            TwoServices = two,
            Include = Include,
            Exclude = Exclude,
            StorageClass = StorageClass?.ToUpperInvariant(),
            NoClobber = NoClobber,
            ThrottleLimit = ThrottleLimit,
            Ranges = [],
        };
        await new ClusterTransfer(this, Lab, Reporter).RunAsync(
            plan, Client, results, DestinationSession, DestinationCredentialSecret, ShouldProcessAsync, () => AskAsync(IsWhatIf), job => WriteAsync(job, cancellation), cancellation);
    }
}
