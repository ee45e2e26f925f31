using System.Management.Automation;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Cmdlets.Identity.Policies;

/// <summary>Adds a statement to policy documents.</summary>
/// <remarks>
/// <para>Each document from the pipeline is written again with the statement at its end: a document cannot be changed, so assign the result. Nothing is sent
/// anywhere. Besides policy documents, JSON text, paths of JSON files, hashtables and the objects of Get-LabBucketPolicy are accepted.</para>
/// <para>The statement's parameters are those of New-LabPolicyDocument, which makes one document of all that it is given.</para>
/// <para>Errors: MalformedPolicyDocument, with the place, also when the Sid exists already; ResourceMissing; ActionInvalid; PrincipalInvalid.</para>
/// </remarks>
/// <example>
/// <para>Reading a bucket, except below secret/.</para>
/// <code>New-LabPolicyDocument -Bucket movies -Access Read | Add-LabPolicyStatement -Deny s3:GetObject -Bucket movies -Prefix secret/</code>
/// </example>
/// <example>
/// <para>Adds the right to list to a policy in a file.</para>
/// <code>New-LabPolicyDocument -Bucket movies -Access Read | Set-Content policy.json; Add-LabPolicyStatement -InputObject policy.json -Bucket movies -Access List | Set-Content policy2.json</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Policies.PolicyDocument, or a policy in another form.</inputtype>
/// <seealso cref="NewLabPolicyDocumentCommand"/>
/// <seealso cref="TestLabPolicyCommand"/>
/// <seealso cref="Storage.Buckets.Settings.SetLabBucketPolicyCommand"/>
[Cmdlet(VerbsCommon.Add, "LabPolicyStatement", DefaultParameterSetName = BucketSet)]
[OutputType(typeof(PolicyDocument))]
public sealed class AddLabPolicyStatementCommand : PolicyStatementCommand
{
    private PolicyDocument? document;

    /// <summary>Document that the statement is added to: a policy document, a hashtable, JSON text or the path of a JSON file.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [Alias("Policy")]
    [ValidateNotNullOrEmpty]
    public object? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void OnProcess() => document = PolicyArgument.Read(this, nameof(InputObject), InputObject, PolicyKind.Any);

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        PolicyDocument result = new([.. document!.Statement, .. MakeStatements()], document.Version, document.Id);
        await WriteAsync(result.Validated(PolicyKind.Any), cancellation);
    }
}
