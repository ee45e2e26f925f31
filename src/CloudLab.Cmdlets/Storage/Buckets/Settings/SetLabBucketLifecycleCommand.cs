using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Sets lifecycle rules of buckets: when objects are archived, and when they are removed.</summary>
/// <remarks>
/// <para>The parameters describe one rule: which objects it applies to (-Prefix, -Tag, sizes) and what happens when. It replaces the rule with
/// the same -Id, or is added to the others, which stay. -Rule, and the output of Get-LabBucketLifecycle from the pipeline, replace all
/// rules of the bucket.</para>
/// <para>The service applies rules about once a day. It replaces all rules at once, so two users who change different rules at the same time
/// can undo each other's change. Objects that a rule has removed cannot be recovered unless the bucket keeps versions.</para>
/// <para>Errors: RuleInvalid when a rule is not valid, before anything is sent; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Archives logs after a week and removes them after a month.</para>
/// <code>Set-LabBucketLifecycle -Bucket movies -Prefix logs/ -ArchiveAfterDays 7 -StorageClass GLACIER -ExpireAfterDays 30 -Id logs</code>
/// </example>
/// <example>
/// <para>Cleans up a bucket: removes old versions except the newest three after 30 days, and unfinished uploads after two.</para>
/// <code>Set-LabBucketLifecycle -Bucket movies -Id tidy -NoncurrentExpireAfterDays 30 -NoncurrentVersionsToKeep 3 -AbortUploadsAfterDays 2 -PassThru</code>
/// </example>
/// <example>
/// <para>Two transitions in one rule, which replaces all others.</para>
/// <code>Set-LabBucketLifecycle movies -Rule @{ Id = 'age'; Transition = @{ AfterDays = 30; StorageClass = 'STANDARD_IA' }, @{ AfterDays = 90; StorageClass = 'GLACIER' } }</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.Settings.LabBucketLifecycleRule; or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabBucketLifecycle", SupportsShouldProcess = true, DefaultParameterSetName = "Describe")]
[OutputType(typeof(LabBucketLifecycleRule))]
public sealed class SetLabBucketLifecycleCommand : SetBucketRulesCommand<LabBucketLifecycleRule>
{
    /// <summary>Prefix of the keys that the rule applies to; the whole bucket if omitted.</summary>
    [Parameter(Position = 1, ParameterSetName = "Describe")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNull]
    public string Prefix { get; set; } = "";

    /// <summary>Only objects that have all these tags: <c>@{ kind = 'draft' }</c>.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateNotNull]
    public IDictionary? Tag { get; set; }

    /// <summary>Only objects larger than this number of bytes: <c>1MB</c>.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(0, long.MaxValue)]
    public long? ObjectSizeGreaterThan { get; set; }

    /// <summary>Only objects smaller than this number of bytes.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(1, long.MaxValue)]
    public long? ObjectSizeLessThan { get; set; }

    /// <summary>Days after which objects move to -StorageClass.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(0, int.MaxValue)]
    public int? ArchiveAfterDays { get; set; }

    /// <summary>Days after which noncurrent versions move to -StorageClass.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(0, int.MaxValue)]
    public int? NoncurrentArchiveAfterDays { get; set; }

    /// <summary>Storage class that they move to. GLACIER if omitted.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ArgumentCompleter(typeof(StorageClassCompleter))]
    [ValidateNotNullOrEmpty]
    public string StorageClass { get; set; } = "GLACIER";

    /// <summary>Days after which objects are removed; in a bucket that keeps versions they become old versions.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(1, int.MaxValue)]
    public int? ExpireAfterDays { get; set; }

    /// <summary>Days after which noncurrent versions are removed.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(1, int.MaxValue)]
    public int? NoncurrentExpireAfterDays { get; set; }

    /// <summary>Number of the newest old versions of each object that -NoncurrentExpireAfterDays keeps.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(1, 100)]
    public int? NoncurrentVersionsToKeep { get; set; }

    /// <summary>Removes delete markers that have no version left behind them.</summary>
    [Parameter(ParameterSetName = "Describe")]
    public SwitchParameter RemoveExpiredDeleteMarkers { get; set; }

    /// <summary>Days after its start at which an unfinished upload is aborted.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ValidateRange(1, int.MaxValue)]
    public int? AbortUploadsAfterDays { get; set; }

    /// <summary>Stores the rule but does not apply it.</summary>
    [Parameter(ParameterSetName = "Describe")]
    public SwitchParameter Disabled { get; set; }

    /// <summary>Id of the rule; if omitted, made of its prefix, tags and sizes, or <c>all</c>.</summary>
    [Parameter(ParameterSetName = "Describe")]
    [ArgumentCompleter(typeof(BucketRuleCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>All rules, as objects of Get-LabBucketLifecycle or as hashtables.</summary>
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
        Tag = Tag is null ? null : PlainObject.Texts(Tag),
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
