using System.Management.Automation;
using System.Text.Json.Nodes;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Cmdlets.Identity.Policies;

/// <summary>Builds a policy document, one statement at a time.</summary>
/// <remarks>
/// <para>Nothing is sent anywhere. The document is an object that converts to JSON (with ToJson() or in a string), so it can be given to
/// New-LabRole -Policy, to Use-LabRole -Policy, or to any other tool.</para>
/// <para>Documents from the pipeline come first in the result, the statement described by the parameters is added at the end: a pipeline of several
/// New-LabPolicyDocument makes one document of several statements.</para>
/// <para>-Bucket writes the two statements that reading (or, with -ReadWrite, writing) objects requires: s3:ListBucket on the bucket, limited by an
/// s3:prefix condition if -Prefix is given, and the actions on the objects themselves. Only keys that begin with the prefix can be
/// accessed; a prefix that ends in a slash means a folder.</para>
/// <para>-FromTrail makes the smallest policy for what CloudTrail says was done: calls become the actions that permit them, and resources come from the
/// records, many names in one folder as the folder. -Principal picks whose calls count. -FromSession does the same for what CloudLab itself has done
/// in this session.</para>
/// <para>Errors: MalformedPolicyDocument, with the place; NothingWasDone; TrailInvalid; TrailNotFound; ResourceMissing when -Allow or -Deny has neither -Resource nor -Principal; PrincipalInvalid.</para>
/// </remarks>
/// <example>
/// <para>Allows reading below data/ of the bucket movies, and nothing else.</para>
/// <code>New-LabPolicyDocument -Bucket movies -Prefix data/ -ReadOnly</code>
/// </example>
/// <example>
/// <para>Two statements: everything on one bucket, except below secret/.</para>
/// <code>New-LabPolicyDocument -Allow s3:* -Resource s3://movies, s3://movies/* | New-LabPolicyDocument -Deny s3:* -Resource s3://movies/secret/* -Sid KeepOut</code>
/// </example>
/// <example>
/// <para>A trust policy that requires an external id from callers of another account.</para>
/// <code>New-LabPolicyDocument -Allow sts:AssumeRole -Principal 210987654321 -Condition @{ StringEquals = @{ 'sts:ExternalId' = 'movies-42' } }</code>
/// </example>
/// <example>
/// <para>A policy for what was done in this session, and nothing else.</para>
/// <code>Get-LabObject -Bucket movies -Prefix data/ | Out-Null; New-LabPolicyDocument -FromSession</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Policies.PolicyDocument; or an object with a property Bucket, such as Get-LabBucket writes.</inputtype>
[Cmdlet(VerbsCommon.New, "LabPolicyDocument", DefaultParameterSetName = "Allow")]
[OutputType(typeof(PolicyDocument))]
public sealed partial class NewLabPolicyDocumentCommand : LabCommand
{
    private readonly List<PolicyStatement> statements = [];
    private string? version;
    private bool bucketSeen;

    /// <summary>Documents whose statements come first.</summary>
    [Parameter(ValueFromPipeline = true)]
    [ValidateNotNull]
    public PolicyDocument? InputObject { get; set; }

    /// <summary>Actions to allow: <c>s3:GetObject</c>, <c>s3:Get*</c>.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Allow")]
    [Alias("Action")]
    [ArgumentCompleter(typeof(ActionCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Allow { get; set; } = [];

    /// <summary>Actions to deny, even if another statement allows them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Deny")]
    [ArgumentCompleter(typeof(ActionCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Deny { get; set; } = [];

    /// <summary>Resources that the actions apply to: ARNs, S3 addresses such as <c>s3://movies/data/*</c>, or <c>*</c> for everything.</summary>
    [Parameter(Position = 1, ParameterSetName = "Allow")]
    [Parameter(Position = 1, ParameterSetName = "Deny")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Resource { get; set; }

    /// <summary>Principals, in a trust policy or a bucket policy: account ids, ARNs, services, or <c>*</c> for everyone. With -FromTrail: users and roles whose calls count, by name or ARN, with wildcards.</summary>
    [Parameter(ParameterSetName = "Allow")]
    [Parameter(ParameterSetName = "Deny")]
    [Parameter(ParameterSetName = TrailSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Principal { get; set; }

    /// <summary>Conditions, all of which must be met: <c>@{ StringLike = @{ 's3:prefix' = 'data/*' } }</c>, or the same as JSON.</summary>
    [Parameter(ParameterSetName = "Allow")]
    [Parameter(ParameterSetName = "Deny")]
    [ValidateNotNull]
    public object? Condition { get; set; }

    /// <summary>Name (Sid) of the statement, letters and digits; shown in policy decisions.</summary>
    [Parameter(ParameterSetName = "Allow")]
    [Parameter(ParameterSetName = "Deny")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern(@"^[A-Za-z0-9]+\z")]
    public string? Sid { get; set; }

    /// <summary>Bucket whose objects may be accessed.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Bucket")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidatePattern(@"^[a-zA-Z0-9._-]{3,255}\z")]
    public string Bucket { get; set; } = "";

    /// <summary>Prefix of the keys that may be accessed; the whole bucket if omitted.</summary>
    [Parameter(ParameterSetName = "Bucket")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNull]
    public string? Prefix { get; set; }

    /// <summary>Objects may be listed and read. This is the default; the switch makes it explicit.</summary>
    [Parameter(ParameterSetName = "Bucket")]
    public SwitchParameter ReadOnly { get; set; }

    /// <summary>Objects may also be written and removed.</summary>
    [Parameter(ParameterSetName = "Bucket")]
    public SwitchParameter ReadWrite { get; set; }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        BeginTrail();
        if (ReadOnly && ReadWrite)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "AccessAmbiguous", "-ReadOnly and -ReadWrite cannot be combined: give one of them.");
        }
    }

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        if (InputObject is { } document)
        {
            statements.AddRange(document.Statement);

            // Variables of the newer language would be plain text in the older one, and the other way round.
            version ??= document.Version;
            if (version != document.Version)
            {
                throw new LabException(
                    LabErrorKind.InvalidArgument, "VersionsDiffer", $"A document of version {version} and one of version {document.Version} cannot be combined.");
            }
        }

        else if (ParameterSetName == "Bucket")
        {
            // Buckets from the pipeline, or the one on the command line.
            bucketSeen = true;
            statements.AddRange(PolicyStatements.ForBucket(Bucket, Prefix, ReadWrite));
        }
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        if (IsFromCalls)
        {
            statements.AddRange(await StatementsOfCallsAsync(cancellation));
        }
        else if (ParameterSetName != "Bucket")
        {
            statements.Add(Own());
        }
        else if (!bucketSeen)
        {
            statements.AddRange(PolicyStatements.ForBucket(Bucket, Prefix, ReadWrite));
        }

        PolicyDocument result = new(statements, version ?? PolicyDocument.CurrentVersion);
        await WriteAsync(result.Validated(PolicyKind.Any), cancellation);
    }

    private PolicyStatement Own()
    {
        bool deny = ParameterSetName == "Deny";
        if (Resource is null && Principal is null)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "ResourceMissing",
                $"-{(deny ? "Deny" : "Allow")} needs -Resource: ARNs, S3 addresses such as s3://movies/data/*, or * for everything.");
        }

        JsonObject statement = new()
        {
            ["Effect"] = deny ? "Deny" : "Allow",
            ["Action"] = PolicyArgument.ToJson(deny ? Deny : Allow),
        };
        if (Condition is not null)
        {
            statement["Condition"] = Condition is string text ? ParseCondition(text) : PolicyArgument.ToJson(Condition);
        }

        if (Resource is not null)
        {
            statement["Resource"] = PolicyArgument.ToJson(Resource.Select(PolicyStatements.Resource).ToArray());
        }

        try
        {
            PolicyDocument read = PolicyDocument.Parse(new JsonObject { ["Version"] = PolicyDocument.CurrentVersion, ["Statement"] = statement }.ToJsonString());
            return read.Statement[0] with { Sid = Sid, Principal = Principal is null ? null : PolicyStatements.Principal(Principal) };
        }
        catch (LabException e) when (e.Code == "MalformedPolicyDocument")
        {
            throw new LabException(LabErrorKind.InvalidArgument, e.Code, e.Message, e);
        }
    }

    private static JsonNode? ParseCondition(string text)
    {
        try
        {
            return StrictJson.Parse(text);
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "MalformedPolicyDocument",
                "-Condition is not valid JSON: write { \"StringLike\": { \"s3:prefix\": \"data/*\" } }, or give a hashtable.", e);
        }
    }
}
