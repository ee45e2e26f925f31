using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Identity.Policies;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Cmdlets.Identity.Attachments;

/// <summary>Changes what a managed policy allows: puts a new version in force, or an earlier one.</summary>
/// <remarks>
/// <para>-Policy makes a new version and puts it in force. A policy has at most five versions: if there is no room, -Force removes the oldest one that is not in
/// force, and without it the error names it. -DefaultVersion puts an existing version in force again.</para>
/// <para>Errors: NoSuchEntity; MalformedPolicyDocument, with the place in the document; LimitExceeded, with the oldest version or with how much the policy is too large;
/// AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Changes a policy, and takes the change back.</para>
/// <code>$null = New-LabPolicy movies-read (New-LabPolicyDocument -Bucket movies -ReadOnly); Set-LabPolicy movies-read (New-LabPolicyDocument -Bucket movies -ReadWrite); Set-LabPolicy movies-read -DefaultVersion v1 -PassThru</code>
/// </example>
/// <example>
/// <para>Makes a new version, and room for it if needed.</para>
/// <code>$null = New-LabPolicy movies-list (New-LabPolicyDocument -Allow s3:ListBucket -Resource s3://movies); Set-LabPolicy movies-list @{ Version = '2012-10-17'; Statement = @{ Effect = 'Allow'; Action = 's3:List*'; Resource = '*' } } -Force</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Attachments.LabPolicy, or System.String: name or ARN of a policy; or, with -Name, CloudLab.Core.Identity.Policies.PolicyDocument.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabPolicy", SupportsShouldProcess = true, DefaultParameterSetName = "Policy")]
[OutputType(typeof(Core.Identity.Attachments.LabPolicy))]
public sealed class SetLabPolicyCommand : IdentityCommand
{
    private PolicyDocument? policy;

    /// <summary>Name of the policy, or its ARN.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PolicyArn", "Arn", "PolicyName")]
    [ArgumentCompleter(typeof(PolicyNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>What the policy allows and denies from now on.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ParameterSetName = "Policy")]
    [Alias("PolicyDocument", "Document")]
    [ValidateNotNullOrEmpty]
    public object? Policy { get; set; }

    /// <summary>Version to put in force: <c>v2</c>.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "DefaultVersion")]
    [Alias("VersionId")]
    [ArgumentCompleter(typeof(PolicyVersionCompleter))]
    [ValidatePattern(@"^v[1-9][0-9]*\z")]
    public string DefaultVersion { get; set; } = "";

    /// <summary>Removes the oldest version that is not in force, if there is no room for another.</summary>
    [Parameter(ParameterSetName = "Policy")]
    public SwitchParameter Force { get; set; }

    /// <summary>Writes the policy.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void OnProcess() => policy = ParameterSetName == "Policy" ? PolicyArgument.Read(this, nameof(Policy), Policy, PolicyKind.Identity) : null;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        try
        {
            string arn = await ManagedPolicies.FindArnAsync(Name, cancellation);
            if (await ShouldProcessAsync($"managed policy '{arn}'", policy is null ? $"Put version {DefaultVersion} in force" : "Put a new version in force"))
            {
                if (policy is null)
                {
                    await ManagedPolicies.SetDefaultAsync(arn, DefaultVersion, cancellation);
                }
                else
                {
                    await ManagedPolicies.CreateVersionAsync(arn, policy, Force, cancellation);
                }

                if (PassThru)
                {
                    await WriteAsync(await ManagedPolicies.GetAsync(arn, cancellation), cancellation);
                }
            }
        }
        catch (Exception e)
        {
            WriteProblem(e, Name);
        }
    }
}
