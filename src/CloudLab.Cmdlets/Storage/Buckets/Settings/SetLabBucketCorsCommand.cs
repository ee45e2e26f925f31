using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Sets CORS rules of buckets: which web pages of other origins may use them.</summary>
/// <remarks>
/// <para>-Origin and the parameters beside it describe one rule. It takes the place of the rule with the same -Id, or comes behind the others,
/// which stay. -Rule, and the output of Get-LabBucketCors from the pipeline, replace all rules of the bucket.</para>
/// <para>The service replaces all rules at once, so two users who change different rules at the same time can undo each other's change.</para>
/// <para>Errors: RuleInvalid when a rule is not valid, before anything is sent; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Pages of one site may read.</para>
/// <code>Set-LabBucketCors -Bucket movies -Origin https://movies.example -Method GET, HEAD -MaxAgeSeconds 3600 -PassThru</code>
/// </example>
/// <example>
/// <para>Pages of two sites may also upload, and see the ETag of what they sent.</para>
/// <code>Set-LabBucketCors -Bucket movies -Id upload -Origin https://movies.example, http://localhost:8080 -Method PUT, POST -Header * -ExposeHeader ETag</code>
/// </example>
/// <example>
/// <para>Replaces all rules by one.</para>
/// <code>Set-LabBucketCors -Bucket movies -Rule @{ Id = 'all'; Origin = '*'; Method = 'GET' }</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.Settings.LabBucketCorsRule; or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabBucketCors", SupportsShouldProcess = true, DefaultParameterSetName = "Origin")]
[OutputType(typeof(LabBucketCorsRule))]
public sealed class SetLabBucketCorsCommand : SetBucketRulesCommand<LabBucketCorsRule>
{
    /// <summary>Origins of the pages: <c>https://movies.example</c>; one <c>*</c> in it stands for anything.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "Origin")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Origin { get; set; } = [];

    /// <summary>Methods they may use. GET if omitted.</summary>
    [Parameter(ParameterSetName = "Origin")]
    [ValidateSet("GET", "PUT", "POST", "DELETE", "HEAD")]
    public string[] Method { get; set; } = ["GET"];

    /// <summary>Headers that they may send: <c>*</c>, <c>x-amz-*</c>, <c>Content-Type</c>.</summary>
    [Parameter(ParameterSetName = "Origin")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Header { get; set; } = [];

    /// <summary>Headers of the answer that their scripts may read: <c>ETag</c>.</summary>
    [Parameter(ParameterSetName = "Origin")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] ExposeHeader { get; set; } = [];

    /// <summary>How long a browser may keep the answer to its question, in seconds.</summary>
    [Parameter(ParameterSetName = "Origin")]
    [ValidateRange(0, int.MaxValue)]
    public int? MaxAgeSeconds { get; set; }

    /// <summary>Id of the rule; its origins if omitted.</summary>
    [Parameter(ParameterSetName = "Origin")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>All rules, as Get-LabBucketCors writes them, or as hashtables.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Rule")]
    [ValidateNotNull]
    public LabBucketCorsRule[]? Rule { get; set; }

    /// <inheritdoc/>
    protected override BucketRules<LabBucketCorsRule> BucketRules => new BucketCors(Client);

    /// <inheritdoc/>
    protected override LabBucketCorsRule[]? Given => Rule;

    /// <inheritdoc/>
    protected override LabBucketCorsRule Described() => new()
    {
        Id = Id ?? "",
        Origin = Origin,
        Method = [.. Method.Select(method => method.ToUpperInvariant())],
        Header = Header,
        ExposeHeader = ExposeHeader,
        MaxAgeSeconds = MaxAgeSeconds,
    };
}
