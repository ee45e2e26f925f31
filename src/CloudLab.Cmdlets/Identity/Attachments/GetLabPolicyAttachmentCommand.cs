using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.Attachments;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Attachments;

/// <summary>Gets the policies of users, groups and roles: inline ones with their documents, and managed ones that are attached.</summary>
/// <remarks>
/// <para>The policies of a user do not include those of its groups: Get-LabGroupMember -User names these. Several users, groups or roles from the pipeline are asked for at once,
/// so that their policies come in any order. -IncludeDocument also gets the documents of attached policies.</para>
/// <para>Errors: NoSuchEntity when the user, group or role does not exist; PrincipalMissing; ArnInvalid; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>The policies of all roles.</para>
/// <code>Get-LabRole | Get-LabPolicyAttachment</code>
/// </example>
/// <example>
/// <para>The policies of a user, with what each allows.</para>
/// <code>New-LabUser ann | Add-LabPolicyAttachment -ManagedPolicy AmazonS3ReadOnlyAccess; Get-LabPolicyAttachment -User ann -IncludeDocument | Select-Object PolicyName, Statement</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabRole, LabUser or LabGroup; or an object with a property RoleName, UserName or GroupName.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabPolicyAttachment")]
[OutputType(typeof(LabPolicyAttachment))]
public sealed class GetLabPolicyAttachmentCommand : AttachmentCommand
{
    /// <summary>A role, user or group, from Get-LabRole, Get-LabUser or Get-LabGroup.</summary>
    [Parameter(ValueFromPipeline = true)]
    [ValidateNotNull]
    public LabPrincipal? InputObject { get; set; }

    /// <summary>Names of the policies; wildcards are allowed. All policies if omitted.</summary>
    [Parameter(Position = 0)]
    [Alias("PolicyName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PolicyNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "*";

    /// <summary>Also gets the documents of attached policies, with two requests for each.</summary>
    [Parameter]
    public SwitchParameter IncludeDocument { get; set; }

    /// <summary>How many users, groups or roles from the pipeline are asked for at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 16;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        PolicyAttachmentStore attachments = Attachments;
        WildcardPattern pattern = new(Name, WildcardOptions.IgnoreCase);
        foreach ((PrincipalKind kind, string given) in Principals(InputObject))
        {
            await StartAsync(given, async token =>
            {
                await foreach (LabPolicyAttachment policy in attachments.ListAsync(kind, NameOf(kind, given), inlineDocuments: true, IncludeDocument, token))
                {
                    if (pattern.IsMatch(policy.PolicyName))
                    {
                        await WriteAsync(policy, token);
                    }
                }
            });
        }
    }
}
