using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Sets lifecycle rules of buckets: when objects go to an archive, and when they are removed.</summary>
/// <remarks>
/// <para>The parameters describe one rule: what it is about (-Prefix, -Tag, sizes) and what happens when. It takes the place of the rule with
/// the same -Id, or comes to the others, which stay. -Rule, and what Get-LabBucketLifecycle writes into the pipeline, are all the rules that
/// the bucket has afterwards.</para>
/// <para>The service applies rules about once a day. It only takes all rules at once, so that two who change different rules at the same moment
/// undo each other's change. What a rule has removed does not come back, unless the bucket keeps versions.</para>
/// <para>Errors: RuleInvalid when a rule is not valid, before anything is sent; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Logs go to the archive after a week and are removed after a month.</para>
/// <code>Set-LabBucketLifecycle -Bucket movies -Prefix logs/ -ArchiveAfterDays 7 -StorageClass GLACIER -ExpireAfterDays 30 -Id logs</code>
/// </example>
/// <example>
/// <para>Tidies a bucket: old versions but the newest three go after 30 days, uploads that never ended after two.</para>
/// <code>Set-LabBucketLifecycle -Bucket movies -Id tidy -NoncurrentExpireAfterDays 30 -NoncurrentVersionsToKeep 3 -AbortUploadsAfterDays 2 -PassThru</code>
/// </example>
/// <example>
/// <para>Two moves in one rule, which takes the place of all others.</para>
/// <code>Set-LabBucketLifecycle movies -Rule @{ Id = 'age'; Transition = @{ AfterDays = 30; StorageClass = 'STANDARD_IA' }, @{ AfterDays = 90; StorageClass = 'GLACIER' } }</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.Settings.LabBucketLifecycleRule; or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabBucketLifecycle", SupportsShouldProcess = true, DefaultParameterSetName = "Describe")]
[OutputType(typeof(LabBucketLifecycleRule))]
public sealed class SetLabBucketLifecycleCommand : SetBucketRulesCommand<LabBucketLifecycleRule>
{
    /// <summary>Beginning of the keys that the rule is about; all of the bucket if omitted.</summary>
    [Parameter(Position = 1, ParameterSetName = "Describe")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNull]
    public string Prefix { get; set; } = "";

    /// <summary>Only objects that have all these tags: <c>@{ kind = 'draft' }</c>.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateNotNull]
    public IDictionary? Tag { get; set; }

    /// <summary>Only objects of more bytes than this: <c>1MB</c>.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(0, long.MaxValue)]
    public long? ObjectSizeGreaterThan { get; set; }

    /// <summary>Only objects of fewer bytes than this.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(1, long.MaxValue)]
    public long? ObjectSizeLessThan { get; set; }

    /// <summary>Days after which objects go to -StorageClass.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(0, int.MaxValue)]
    public int? ArchiveAfterDays { get; set; }

    /// <summary>Days after which versions that are no longer current go to -StorageClass.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(0, int.MaxValue)]
    public int? NoncurrentArchiveAfterDays { get; set; }

    /// <summary>Storage class that they go to. GLACIER if omitted.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ArgumentCompleter(typeof(StorageClassCompleter))]
    [ValidateNotNullOrEmpty]
    public string StorageClass { get; set; } = "GLACIER";

    /// <summary>Days after which objects are removed; in a bucket that keeps versions they become old versions.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(1, int.MaxValue)]
    public int? ExpireAfterDays { get; set; }

    /// <summary>Days after which versions that are no longer current are removed.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(1, int.MaxValue)]
    public int? NoncurrentExpireAfterDays { get; set; }

    /// <summary>Newest old versions of each object that -NoncurrentExpireAfterDays leaves.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(1, 100)]
    public int? NoncurrentVersionsToKeep { get; set; }

    /// <summary>Removes delete markers that have no version left behind them.</summary>
    [Parameter(ParameterSetName = "Describe")]
    public SwitchParameter RemoveExpiredDeleteMarkers { get; set; }

    /// <summary>Days after its beginning at which an upload that never ended is aborted.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(1, int.MaxValue)]
    public int? AbortUploadsAfterDays { get; set; }

    /// <summary>Keeps the rule for later: it does not count.</summary>
    [Parameter(ParameterSetName = "Describe")]
    public SwitchParameter Disabled { get; set; }

    /// <summary>Id of the rule; what it is about if omitted: its prefix, tags and sizes, or <c>all</c>.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ArgumentCompleter(typeof(BucketRuleCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>All rules, as Get-LabBucketLifecycle writes them, or as hashtables.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Rule")]
    [ValidateNotNull]
    public LabBucketLifecycleRule[]? Rule { get; set; }

    /// <inheritdoc/>
    protected override BucketRules<LabBucketLifecycleRule> BucketRules => new BucketLifecycle(Client);

    /// <inheritdoc/>
    protected override LabBucketLifecycleRule[]? Given => Rule;

    /// <inheritdoc/>
    protected override LabBucketLifecycleRule Described() => new()
    {
        Id = Id ?? "",
        Enabled = !Disabled,
        Prefix = Prefix,
        Tag = Tag,
        ObjectSizeGreaterThan = ObjectSizeGreaterThan,
        ObjectSizeLessThan = ObjectSizeLessThan,
        Transition = Moves(ArchiveAfterDays),
        NoncurrentTransition = Moves(NoncurrentArchiveAfterDays),
        ExpireAfterDays = ExpireAfterDays,
        NoncurrentExpireAfterDays = NoncurrentExpireAfterDays,
        NoncurrentVersionsToKeep = NoncurrentVersionsToKeep,
        RemoveExpiredDeleteMarkers = RemoveExpiredDeleteMarkers,
        AbortUploadsAfterDays = AbortUploadsAfterDays,
    };

    private LabBucketTransition[] Moves(int? days) =>
        days is null ? [] : [new LabBucketTransition { AfterDays = days, StorageClass = StorageClass.ToUpperInvariant() }];
}
