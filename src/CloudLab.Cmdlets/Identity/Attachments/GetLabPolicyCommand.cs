using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Identity.Attachments;

namespace CloudLab.Cmdlets.Identity.Attachments;

/// <summary>Gets managed policies: one by name or ARN, or a list.</summary>
/// <remarks>
/// <para>A policy given by name or ARN includes its document, its description and its tags. A list, or a name with wildcards, streams what the service lists; -IncludeDocument
/// adds the documents, with two requests for each policy, which are sent for several policies at once. Without -Scope a list has the account's own policies, and a name is
/// looked for among them and then among those of AWS.</para>
/// <para>Errors: NoSuchEntity when a policy given by name or ARN does not exist; ArnInvalid when an ARN is not one of a policy; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Creates a policy and shows what it allows.</para>
/// <code>$null = New-LabPolicy movies-read (New-LabPolicyDocument -Bucket movies -ReadOnly); (Get-LabPolicy movies-read).Document.Statement</code>
/// </example>
/// <example>
/// <para>Policies of AWS for S3.</para>
/// <code>Get-LabPolicy AmazonS3* -Scope AWS</code>
/// </example>
/// <inputtype>System.String: name or ARN of a policy. Or an object with a property PolicyArn.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabPolicy")]
[OutputType(typeof(LabPolicy))]
public sealed class GetLabPolicyCommand : IdentityCommand
{
    /// <summary>Names of policies, or their ARNs; wildcards are allowed. All policies of the account if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PolicyArn", "Arn", "PolicyName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PolicyNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Whose policies to list: those of the account (Local), of AWS, or All.</summary>
    [Parameter]
    public PolicyScope? Scope { get; set; }

    /// <summary>Prefix of the policies' paths: <c>/movies/</c>. The result is a list.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern("^/")]
    public string? PathPrefix { get; set; }

    /// <summary>Also gets the document of each listed policy.</summary>
    [Parameter]
    public SwitchParameter IncludeDocument { get; set; }

    /// <summary>How many policies of a list are completed at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 16;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        ManagedPolicyStore policies = ManagedPolicies;
        string[]? names = Name;
        if (names is not null && PathPrefix is null)
        {
            // An ARN tells more than the name in it.
            foreach (string arn in names.Where(name => name.StartsWith("arn:", StringComparison.OrdinalIgnoreCase)))
            {
                try
                {
                    await WriteAsync(await policies.GetAsync(await policies.FindArnAsync(arn, cancellation), cancellation), cancellation);
                }
                catch (Exception e)
                {
                    WriteProblem(e, arn);
                }
            }

            names = [.. names.Where(name => !name.StartsWith("arn:", StringComparison.OrdinalIgnoreCase))];
        }

        await WriteNamedAsync(
            "policy", names, async name => await policies.GetAsync(await policies.FindArnAsync(name, cancellation), cancellation),
            () => policies.ListAsync(Scope ?? PolicyScope.Local, PathPrefix, cancellation), policy => policy.Name,
            IncludeDocument ? (policy, token) => policies.GetAsync(policy.PolicyArn, token) : null, ThrottleLimit,
            PathPrefix is not null || (Scope is not null and not PolicyScope.All && names is not null), cancellation);
    }
}
