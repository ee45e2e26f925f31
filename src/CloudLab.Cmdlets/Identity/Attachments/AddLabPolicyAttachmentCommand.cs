using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Identity.Policies;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Attachments;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Attachments;

/// <summary>Gives users, groups and roles a policy: an inline policy of their own, or a managed policy to attach.</summary>
/// <remarks>
/// <para>-Name and -Policy set an inline policy; one of the same name is replaced. -ManagedPolicy attaches policies by name or ARN; the account's own come before those of AWS.
/// -Policy takes a policy document, a hashtable, an object from ConvertFrom-Json, JSON text or the path of a JSON file; it is checked before anything is sent.</para>
/// <para>Errors: NoSuchEntity when the user, group, role or managed policy does not exist; MalformedPolicyDocument, with the place in the document; LimitExceeded, with how much
/// the inline policies are too large; PrincipalMissing; ArnInvalid; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>An inline policy of a role.</para>
/// <code>New-LabRole movies-job | Add-LabPolicyAttachment -Name read -Policy (New-LabPolicyDocument -Bucket movies -ReadOnly)</code>
/// </example>
/// <example>
/// <para>Attaches managed policies to a group.</para>
/// <code>$null = New-LabGroup viewers; Add-LabPolicyAttachment -Group viewers -ManagedPolicy AmazonS3ReadOnlyAccess -PassThru</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabRole, LabUser or LabGroup; or CloudLab.Core.Identity.Attachments.LabPolicy, or with -Name CloudLab.Core.Identity.Policies.PolicyDocument, with -Role, -User or -Group.</inputtype>
[Cmdlet(VerbsCommon.Add, "LabPolicyAttachment", SupportsShouldProcess = true, DefaultParameterSetName = "Managed")]
[OutputType(typeof(LabPolicyAttachment))]
public sealed class AddLabPolicyAttachmentCommand : AttachmentCommand
{
    private PolicyDocument? given;

    /// <summary>A role, user or group that gets the policy, or a managed policy that -Role, -User or -Group get, or with -Name the inline policy itself.</summary>
    [Parameter(ValueFromPipeline = true)]
    [ValidateNotNull]
    public PSObject? InputObject { get; set; }

    /// <summary>Name of the inline policy.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Inline")]
    [Alias("PolicyName")]
    [ArgumentCompleter(typeof(InlinePolicyCompleter))]
    [ValidateLength(1, 128)]
    [ValidatePattern(NamePattern)]
    public string Name { get; set; } = "";

    /// <summary>What the inline policy allows and denies.</summary>
    [Parameter(Position = 1, ParameterSetName = "Inline")]
    [Alias("PolicyDocument", "Document")]
    [ValidateNotNullOrEmpty]
    public object? Policy { get; set; }

    /// <summary>Managed policies to attach, by name or ARN.</summary>
    [Parameter(ParameterSetName = "Managed")]
    [Alias("PolicyArn")]
    [ArgumentCompleter(typeof(PolicyNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] ManagedPolicy { get; set; } = [];

    /// <summary>Writes the policies as Get-LabPolicyAttachment does.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        given = PolicyArgument.Read(this, nameof(Policy), Policy, PolicyKind.Identity);
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        object? input = InputObject?.BaseObject;
        PolicyDocument? policy = given ?? (ParameterSetName == "Inline" && input is PolicyDocument document ? document.Validated(PolicyKind.Identity) : null);
        string[] managed = input is LabPolicy piped ? [.. ManagedPolicy, piped.PolicyArn] : ManagedPolicy;
        if (policy is null && managed.Length == 0)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "PolicyMissing", "Which policy? Give -ManagedPolicy, or -Name and -Policy for an inline one, or pipe Get-LabPolicy.");
        }

        foreach ((PrincipalKind kind, string meant) in Principals(input as LabPrincipal))
        {
            try
            {
                string name = NameOf(kind, meant);
                if (policy is not null)
                {
                    if (await ShouldProcessAsync($"{Words(kind)} '{name}'", $"Set inline policy '{Name}'"))
                    {
                        await ShowAsync(await Attachments.PutInlineAsync(kind, name, Name, policy, cancellation));
                    }

                    continue;
                }

                foreach (string each in managed)
                {
                    string arn = await ManagedPolicies.FindArnAsync(each, cancellation);
                    if (await ShouldProcessAsync($"{Words(kind)} '{name}'", $"Attach {arn}"))
                    {
                        await ShowAsync(await Attachments.AttachAsync(kind, name, arn, cancellation));
                    }
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, meant);
            }
        }

        async Task ShowAsync(LabPolicyAttachment attachment)
        {
            if (PassThru)
            {
                await WriteAsync(attachment, cancellation);
            }
        }
    }
}
