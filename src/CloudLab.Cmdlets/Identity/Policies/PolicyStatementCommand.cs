using System.Management.Automation;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Cmdlets.Identity.Policies;

/// <summary>Base of the cmdlets that write policy statements: the statement's parameters and what they make.</summary>
public abstract partial class PolicyStatementCommand : LabCommand
{
    /// <summary>Name of the parameter set that has actions to allow.</summary>
    protected const string AllowSet = "Allow";

    /// <summary>Name of the parameter set that has actions to deny.</summary>
    protected const string DenySet = "Deny";

    /// <summary>Name of the parameter set that has a kind of access to a bucket. The default: -Bucket alone belongs to it.</summary>
    protected const string BucketSet = "Bucket";

    private bool bucketGiven;

    /// <summary>Actions to allow: <c>s3:GetObject</c>, <c>s3:Get*</c>.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = AllowSet)]
    [Alias("Action")]
    [ArgumentCompleter(typeof(ActionCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Allow { get; set; } = [];

    /// <summary>Actions to deny, even if another statement allows them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = DenySet)]
    [ArgumentCompleter(typeof(ActionCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Deny { get; set; } = [];

    /// <summary>Resources that the actions apply to: ARNs, S3 addresses such as <c>s3://movies/data/*</c>, or <c>*</c> for everything.</summary>
    [Parameter(Position = 1, ParameterSetName = AllowSet)]
    [Parameter(Position = 1, ParameterSetName = DenySet)]
    [ArgumentCompleter(typeof(AddressCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Resource { get; set; }

    /// <summary>Principals, in a trust policy or a bucket policy: account ids, ARNs, services, or <c>*</c> for everyone.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Principal { get; set; }

    /// <summary>Conditions, all of which must be met: <c>@{ StringLike = @{ 's3:prefix' = 'data/*' } }</c>, or the same as JSON.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNull]
    public object? Condition { get; set; }

    /// <summary>Name (Sid) of the statement, letters and digits; shown in policy decisions. Where the parameters make several statements, they are numbered.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern(@"^[A-Za-z0-9]+\z")]
    public string? Sid { get; set; }

    /// <summary>
    /// Bucket that the actions apply to, in place of -Resource: those on objects to its objects, the others to the bucket itself. Without -Allow and -Deny, the bucket
    /// whose objects may be accessed.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = AllowSet)]
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = DenySet)]
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = BucketSet)]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Bucket { get; set; }

    /// <summary>Prefix of the keys that may be accessed; the whole bucket if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNull]
    public string? Prefix { get; set; }

    /// <summary>What may be done with the objects: List, Read, Write, or several of them. List and Read if omitted.</summary>
    [Parameter(ParameterSetName = BucketSet)]
    [ValidateNotNullOrEmpty]
    public PolicyAccess[]? Access { get; set; }

    /// <summary>Objects may be listed and read: the same as -Access List, Read, and the default.</summary>
    [Parameter(ParameterSetName = BucketSet)]
    public SwitchParameter ReadOnly { get; set; }

    /// <summary>Objects may also be written and removed: the same as -Access List, Read, Write.</summary>
    [Parameter(ParameterSetName = BucketSet)]
    public SwitchParameter ReadWrite { get; set; }

    /// <summary>Whether a bucket takes the place of resources. One that an object of the pipeline happens to have does not, where -Resource is given.</summary>
    private protected bool HasBucket => Bucket is not null && Resource is null;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        bucketGiven = Bucket is not null;
        if ((ReadOnly ? 1 : 0) + (ReadWrite ? 1 : 0) + (Access is null ? 0 : 1) > 1)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "AccessAmbiguous", "-Access, -ReadOnly and -ReadWrite cannot be combined: give one of them.");
        }
    }

    /// <summary>The statements that the parameters describe, with the bucket that is bound now.</summary>
    /// <returns>One or several. Throws <see cref="LabException"/> that stops the command.</returns>
    private protected IReadOnlyList<PolicyStatement> MakeStatements()
    {
        bool deny = ParameterSetName == DenySet;
        string[] actions = deny ? Deny : Allow;
        if (bucketGiven && Resource is not null)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "ResourceAmbiguous", "-Bucket and -Resource cannot be combined: -Bucket finds the resources itself.");
        }

        CheckBucket();
        if (Prefix is not null && !HasBucket)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "BucketMissing", "-Prefix needs -Bucket: the bucket whose keys begin with it.");
        }

        IReadOnlyList<PolicyStatement> made = (ParameterSetName, HasBucket ? Bucket : null) switch
        {
            (BucketSet, _) => PolicyStatements.ForBucket(
                Bucket!, Prefix, Access ?? (ReadWrite ? [PolicyAccess.List, PolicyAccess.Read, PolicyAccess.Write] : [PolicyAccess.List, PolicyAccess.Read])),
            (_, { } bucket) => PolicyStatements.ForBucket(deny ? PolicyEffect.Deny : PolicyEffect.Allow, bucket, Prefix, actions),
            _ => [Plain(deny, actions)],
        };
        IReadOnlyList<PolicyCondition> conditions = Conditions();
        PolicyPrincipal? principal = Principal is null ? null : PolicyStatements.Principal(Principal);
        PolicyStatement[] result = [.. made.Select((statement, i) => statement with
        {
            Sid = Sid is null || made.Count == 1 ? Sid : $"{Sid}{i + 1}",
            Principal = principal,
            Condition = Joined(statement.Condition, conditions),
        })];
        PolicyArgument.WarnOfUnknown(Reporter, new PolicyDocument(result));
        return result;
    }

    private void CheckBucket()
    {
        if (!HasBucket || BucketForm().IsMatch(Bucket!))
        {
            return;
        }

        string plain = Bucket!.StartsWith("s3://", StringComparison.OrdinalIgnoreCase) ? Bucket["s3://".Length..] : Bucket;
        string[] parts = plain.Split('/', 2);
        throw new LabException(
            LabErrorKind.InvalidArgument, "BucketInvalid",
            plain.AsSpan().IndexOfAny('*', '?') >= 0 ? $"-Bucket takes the name of one bucket, and '{Bucket}' has wildcards: use -Resource s3://{plain}{(plain.Contains('/', StringComparison.Ordinal) ? "" : $", s3://{plain}/*")}."
            : parts.Length == 2 && parts[1].Length > 0 ? $"-Bucket takes the name of a bucket, and '{Bucket}' names something in it: write -Bucket {parts[0]} -Prefix {parts[1]}."
            : parts.Length == 2 || plain != Bucket ? $"-Bucket takes the bare name of a bucket: write -Bucket {parts[0]}."
            : $"'{Bucket}' is not the name of a bucket: 3 to 255 letters, digits, dots, hyphens and underscores.")
        {
            Target = Bucket,
        };
    }

    private PolicyStatement Plain(bool deny, string[] actions)
    {
        if (Resource is null && Principal is null)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "ResourceMissing",
                $"-{(deny ? "Deny" : "Allow")} needs -Resource: ARNs, S3 addresses such as s3://movies/data/*, or * for everything; or -Bucket, which finds the resources of the actions.");
        }

        JsonObject statement = new() { ["Effect"] = deny ? "Deny" : "Allow", ["Action"] = PolicyArgument.ToJson(actions) };
        if (Resource is not null)
        {
            statement["Resource"] = PolicyArgument.ToJson(Resource.Select(PolicyStatements.Resource).ToArray());
        }

        return Read(statement);
    }

    // Through the reader, so that what is wrong is said with its place.
    private IReadOnlyList<PolicyCondition> Conditions() => Condition is null ? [] : Read(new JsonObject
    {
        ["Effect"] = "Allow",
        ["Action"] = "*",
        ["Condition"] = Condition is PSObject { BaseObject: string wrapped } ? ParseCondition(wrapped)
            : Condition is string text ? ParseCondition(text)
            : PolicyArgument.ToJson(Condition),
    }).Condition;

    private static PolicyStatement Read(JsonObject statement)
    {
        try
        {
            return PolicyDocument.Parse(new JsonObject { ["Version"] = PolicyDocument.CurrentVersion, ["Statement"] = statement }.ToJsonString()).Statement[0];
        }
        catch (LabException e) when (e.Code == "MalformedPolicyDocument")
        {
            throw new LabException(LabErrorKind.InvalidArgument, e.Code, e.Message, e);
        }
    }

    // A key can stand once beside an operator: -Prefix has taken s3:prefix of StringLike.
    private static IReadOnlyList<PolicyCondition> Joined(IReadOnlyList<PolicyCondition> own, IReadOnlyList<PolicyCondition> given)
    {
        PolicyCondition? twice = own.FirstOrDefault(a => given.Any(b => a.Operator == b.Operator && a.Key.Equals(b.Key, StringComparison.OrdinalIgnoreCase)));
        return twice is null
            ? [.. own, .. given]
            : throw new LabException(
                LabErrorKind.InvalidArgument, "ConditionAmbiguous", $"-Prefix already makes the condition {twice.Operator} {twice.Key}: leave one of the two out.");
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

    [GeneratedRegex(@"^[a-zA-Z0-9._-]{3,255}\z")]
    private static partial Regex BucketForm();
}
