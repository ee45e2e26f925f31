using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.Attachments;

namespace CloudLab.Cmdlets.Identity.Attachments;

/// <summary>Gets the versions of managed policies, newest first, with their documents.</summary>
/// <remarks>
/// <para>Set-LabPolicy makes versions and says which one is in force, Remove-LabPolicyVersion removes them.</para>
/// <para>Errors: NoSuchEntity when the policy or the version does not exist; ArnInvalid; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>The versions of a policy.</para>
/// <code>$null = New-LabPolicy movies-read (New-LabPolicyDocument -Bucket movies -ReadOnly); Get-LabPolicyVersion movies-read</code>
/// </example>
/// <example>
/// <para>What one version allows.</para>
/// <code>$null = New-LabPolicy movies-write (New-LabPolicyDocument -Bucket movies -ReadWrite); (Get-LabPolicyVersion movies-write v1).Document.Statement</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Attachments.LabPolicy, or System.String: name or ARN of a policy.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabPolicyVersion")]
[OutputType(typeof(LabPolicyVersion))]
public sealed class GetLabPolicyVersionCommand : IdentityCommand
{
    /// <summary>Name of the policy, or its ARN.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PolicyArn", "Arn", "PolicyName")]
    [ArgumentCompleter(typeof(PolicyNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>Versions: <c>v2</c>. All versions if omitted.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(PolicyVersionCompleter))]
    [ValidatePattern(@"^v[1-9][0-9]*\z")]
    public string[]? VersionId { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        try
        {
            string arn = await ManagedPolicies.FindArnAsync(Name, cancellation);
            foreach (string version in VersionId ?? [.. (await ManagedPolicies.VersionsAsync(arn, cancellation)).Select(version => version.VersionId)])
            {
                await WriteAsync(await ManagedPolicies.GetVersionAsync(arn, version, cancellation), cancellation);
            }
        }
        catch (Exception e)
        {
            WriteProblem(e, Name);
        }
    }
}
