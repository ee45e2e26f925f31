using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Waits until roles can be used, exist, or are gone.</summary>
/// <remarks>
/// <para>A role that Get-LabRole shows may not be usable yet: other parts of AWS learn of it some seconds later. -Usable, which is the default, means that it was
/// used: where the role's trust policy lets you assume it, it is assumed, and the session thrown away. Where it does not, because the role is for a service
/// or for somebody else, IAM is made to check a policy that names the role: a role cloudlab-wait-… is created whose trust policy denies everything to the role,
/// and removed at once. Nobody can use it, but it takes iam:CreateRole and iam:DeleteRole, and shows in CloudTrail.</para>
/// <para>Checks at once, then at growing intervals up to -PollInterval. A role that is there is written, so that the pipeline can
/// continue with it. Several roles are waited for at the same time.</para>
/// <para>Errors: WaitTimeout when time is up, with what was last seen; AccessDenied when the role may not be read, or the policy that names it may not be tried.</para>
/// </remarks>
/// <example>
/// <para>Creates a role and assumes it as soon as that works.</para>
/// <code>New-LabRole movies-guest | Wait-LabRole -Timeout 60 | Use-LabRole</code>
/// </example>
/// <example>
/// <para>Waits until a role is gone.</para>
/// <code>Wait-LabRole no-such-role -NotExists</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabRole, or System.String: name of a role.</inputtype>
[Cmdlet(VerbsLifecycle.Wait, "LabRole", DefaultParameterSetName = "Usable")]
[OutputType(typeof(LabRole))]
public sealed class WaitLabRoleCommand : IdentityCommand
{
    /// <summary>Names of the roles, or their ARNs.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("RoleName", "Role")]
    [ArgumentCompleter(typeof(RoleNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Waits until the role can be used. This is the default.</summary>
    [Parameter(ParameterSetName = "Usable")]
    public SwitchParameter Usable { get; set; }

    /// <summary>Waits until IAM shows the role, whether or not it can be used yet.</summary>
    [Parameter(ParameterSetName = "Exists", Mandatory = true)]
    public SwitchParameter Exists { get; set; }

    /// <summary>Waits until the role no longer exists.</summary>
    [Parameter(ParameterSetName = "NotExists", Mandatory = true)]
    [Alias("Deleted")]
    public SwitchParameter NotExists { get; set; }

    /// <summary>How long to wait: a TimeSpan or a number of seconds. 100 seconds if omitted; 0 checks once.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan Timeout { get; set; } = new WaitOptions().Timeout;

    /// <summary>Longest time between two checks: a TimeSpan or a number of seconds. 5 seconds if omitted; the first checks follow at shorter intervals.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan PollInterval { get; set; } = new WaitOptions().PollInterval;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => 16;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        if (Timeout < TimeSpan.Zero || PollInterval <= TimeSpan.Zero)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "InvalidWait", "-Timeout cannot be negative, and -PollInterval must be greater than 0.");
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        RoleWait wait = new(Client, new WaitOptions { Timeout = Timeout, PollInterval = PollInterval });
        bool usable = ParameterSetName == "Usable";
        foreach (string given in Name)
        {
            await StartAsync(given, async token =>
            {
                string name = IamName.Of("role", given);
                if (await (usable ? wait.UsableAsync(name, token) : wait.ExistsAsync(name, NotExists, token)) is { } role)
                {
                    await WriteAsync(role, token);
                }
            });
        }
    }
}
