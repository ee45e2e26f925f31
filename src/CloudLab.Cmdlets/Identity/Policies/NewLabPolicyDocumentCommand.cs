using System.Management.Automation;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Cmdlets.Identity.Policies;

/// <summary>Builds a policy document, one statement at a time.</summary>
/// <remarks>
/// <para>Nothing is sent anywhere. The document is an object that converts to JSON (with ToJson() or in a string), so it can be given to
/// New-LabRole -Policy, to Use-LabRole -Policy, to Set-LabBucketPolicy, or to any other tool.</para>
/// <para>Documents from the pipeline come first in the result, the statement described by the parameters is added at the end: a pipeline of several
/// New-LabPolicyDocument makes one document of several statements. Add-LabPolicyStatement adds to each document by itself.</para>
/// <para>-Bucket with -Allow or -Deny gives each action of S3 the resource that it applies to: actions on objects get the bucket's objects, actions on
/// the bucket get the bucket. With -Prefix, actions on objects get the keys that begin with it, and listing is limited by an s3:prefix condition; of a
/// pattern such as s3:*, only the actions that have to do with keys are meant then. A prefix that ends in a slash means a folder.</para>
/// <para>-Bucket alone writes what -Access needs: List is s3:ListBucket, Read is s3:GetObject, Write is s3:PutObject, s3:DeleteObject,
/// s3:AbortMultipartUpload and s3:ListMultipartUploadParts. A policy for Set-LabBucketPolicy also needs -Principal.</para>
/// <para>-FromTrail makes the smallest policy for what CloudTrail says was done: calls become the actions that permit them, and resources come from the
/// records, many names in one folder as the folder. -Principal picks whose calls count. -FromSession does the same for what CloudLab itself has done
/// in this session.</para>
/// <para>A warning names actions and services that the catalogue (Find-LabAction) does not have: they may be newer, or misspelt.</para>
/// <para>Errors: MalformedPolicyDocument, with the place; NothingWasDone; BucketInvalid; PathNotFound; TrailUnreadable; TrailInvalid; TrailNotFound; ResourceMissing when -Allow or -Deny has neither -Resource, -Bucket nor -Principal; ActionInvalid for an action
/// that does not go with -Bucket; PrincipalInvalid.</para>
/// </remarks>
/// <example>
/// <para>Allows reading below data/ of the bucket movies, and nothing else.</para>
/// <code>New-LabPolicyDocument -Bucket movies -Prefix data/ -Access List, Read</code>
/// </example>
/// <example>
/// <para>Two statements: everything on one bucket, except below secret/.</para>
/// <code>New-LabPolicyDocument -Allow s3:* -Resource s3://movies, s3://movies/* | New-LabPolicyDocument -Deny s3:* -Resource s3://movies/secret/* -Sid KeepOut</code>
/// </example>
/// <example>
/// <para>Chosen actions on one prefix, over TLS only.</para>
/// <code>New-LabPolicyDocument -Allow s3:GetObject, s3:ListBucket -Bucket movies -Prefix lab2/ -Condition @{ Bool = @{ 'aws:SecureTransport' = $true } }</code>
/// </example>
/// <example>
/// <para>A bucket policy that lets another account read.</para>
/// <code>Set-LabBucketPolicy movies (New-LabPolicyDocument -Bucket movies -Access Read -Principal 210987654321)</code>
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
/// <seealso cref="AddLabPolicyStatementCommand"/>
/// <seealso cref="TestLabPolicyCommand"/>
/// <seealso cref="CompareLabPolicyCommand"/>
[Cmdlet(VerbsCommon.New, "LabPolicyDocument", DefaultParameterSetName = BucketSet)]
[OutputType(typeof(PolicyDocument))]
public sealed partial class NewLabPolicyDocumentCommand : PolicyStatementCommand
{
    private readonly List<PolicyStatement> statements = [];
    private string? version;
    private bool bucketSeen;

    /// <summary>Documents whose statements come first.</summary>
    [Parameter(ValueFromPipeline = true)]
    [ValidateNotNull]
    public PolicyDocument? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        BeginTrail();
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
        else if (HasBucket && !IsFromCalls)
        {
            // Buckets from the pipeline, or the one on the command line.
            bucketSeen = true;
            statements.AddRange(MakeStatements());
        }
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        if (IsFromCalls)
        {
            statements.AddRange(await StatementsOfCallsAsync(cancellation));
        }
        else if (!bucketSeen)
        {
            statements.AddRange(MakeStatements());
        }

        PolicyDocument result = new(statements, version ?? PolicyDocument.CurrentVersion);
        await WriteAsync(result.Validated(PolicyKind.Any), cancellation);
    }
}
