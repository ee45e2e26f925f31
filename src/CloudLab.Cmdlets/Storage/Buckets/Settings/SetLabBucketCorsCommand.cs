using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Sets CORS rules of buckets: which web pages of other origins may use them.</summary>
/// <remarks>
/// <para>-Origin and the other parameters describe one rule. It replaces the rule with the same -Id, or is added after the others,
/// which stay. -Rule, and the output of Get-LabBucketCors from the pipeline, replace all rules of the bucket.</para>
/// <para>The service replaces all rules at once, so two users who change different rules at the same time can undo each other's change.</para>
/// <para>Errors: RuleInvalid when a rule is not valid, before anything is sent; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Lets pages of one site read.</para>
/// <code>Set-LabBucketCors -Bucket movies -Origin https://movies.example -Method GET, HEAD -MaxAgeSeconds 3600 -PassThru</code>
/// </example>
/// <example>
/// <para>Lets pages of two sites also upload, and read the ETag of what they sent.</para>
/// <code>Set-LabBucketCors -Bucket movies -Id upload -Origin https://movies.example, http://localhost:8080 -Method PUT, POST -Header * -ExposeHeader ETag</code>
/// </example>
/// <example>
/// <para>Replaces all rules with one.</para>
/// <code>Set-LabBucketCors -Bucket movies -Rule @{ Id = 'all'; Origin = '*'; Method = 'GET' }</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.Settings.LabBucketCorsRule; or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabBucketCors", SupportsShouldProcess = true, DefaultParameterSetName = "Origin")]
[OutputType(typeof(LabBucketCorsRule))]
public sealed class SetLabBucketCorsCommand : SetBucketRulesCommand<LabBucketCorsRule>
{
    /// <summary>Origins of the pages: <c>https://movies.example</c>; it may contain one <c>*</c> as a wildcard.</summary>
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

    /// <summary>Response headers that their scripts may read: <c>ETag</c>.</summary>
    [Parameter(ParameterSetName = "Origin")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] ExposeHeader { get; set; } = [];

    /// <summary>How long a browser may cache the response to its preflight request, in seconds.</summary>
    [Parameter(ParameterSetName = "Origin")]
    [ValidateRange(0, int.MaxValue)]
    public int? MaxAgeSeconds { get; set; }

    /// <summary>Id of the rule; its origins if omitted.</summary>
    [Parameter(ParameterSetName = "Origin")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>All rules, as objects of Get-LabBucketCors or as hashtables.</summary>
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
