using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Policies;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Identity.Attachments;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Cmdlets.Identity.Attachments;

/// <summary>Creates a managed policy, which can be attached to any number of users, groups and roles.</summary>
/// <remarks>
/// <para>-Policy takes a policy document, a hashtable, an object from ConvertFrom-Json, JSON text or the path of a JSON file; it is checked before anything is sent.
/// Add-LabPolicyAttachment -ManagedPolicy attaches the policy.</para>
/// <para>Errors: EntityAlreadyExists; MalformedPolicyDocument, with the place in the document; LimitExceeded, with how much it is too large; PolicyFileUnreadable;
/// AccessDenied; MethodNotAllowed from a server that only has AWS's own policies, such as Ceph's radosgw.</para>
/// </remarks>
/// <example>
/// <para>A policy to read one bucket.</para>
/// <code>New-LabPolicyDocument -Bucket movies -ReadOnly | New-LabPolicy movies-read -Description 'Reads movies'</code>
/// </example>
/// <example>
/// <para>A policy from JSON text, attached to a group.</para>
/// <code>$null = New-LabGroup admins; New-LabPolicy roles '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:Get*","Resource":"*"}]}' | Add-LabPolicyAttachment -Group admins</code>
/// </example>
/// <inputtype>System.String: name of a policy; or, with -Name, CloudLab.Core.Identity.Policies.PolicyDocument: the policy.</inputtype>
[Cmdlet(VerbsCommon.New, "LabPolicy", SupportsShouldProcess = true)]
[OutputType(typeof(LabPolicy))]
public sealed class NewLabPolicyCommand : IdentityCommand
{
    private PolicyDocument policy = null!;

    /// <summary>Name of the policy, unique in the account without regard to case.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PolicyName")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(1, 128)]
    [ValidatePattern(NamePattern)]
    public string Name { get; set; } = "";

    /// <summary>What the policy allows and denies.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [Alias("PolicyDocument", "Document")]
    [ValidateNotNullOrEmpty]
    public object? Policy { get; set; }

    /// <summary>Path that groups policies, beginning and ending with a slash: <c>/movies/</c>.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern(PathPattern)]
    public string? Path { get; set; }

    /// <summary>Description of the policy. It cannot be changed later.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(0, 1000)]
    public string? Description { get; set; }

    /// <summary>Tags: <c>@{ team = 'movies' }</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <inheritdoc/>
    protected override void OnProcess() => policy = PolicyArgument.Read(this, nameof(Policy), Policy, PolicyKind.Identity)!;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        try
        {
            if (await ShouldProcessAsync($"managed policy '{Name}'", "Create managed policy"))
            {
                await WriteAsync(await ManagedPolicies.CreateAsync(Name, policy, Path, Description, PlainObject.Texts(Tag), cancellation), cancellation);
            }
        }
        catch (Exception e)
        {
            WriteProblem(e, Name);
        }
    }
}
