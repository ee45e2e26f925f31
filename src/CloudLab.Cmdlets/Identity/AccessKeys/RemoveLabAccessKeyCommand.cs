using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.AccessKeys;

/// <summary>Removes access keys, or deactivates them.</summary>
/// <remarks>
/// <para>What uses the key is refused from then on. -Deactivate keeps the key, so that it can be activated again with -Activate if something still needed it.
/// It asks before each key, unless -Force or -Confirm:$false is given.</para>
/// <para>Errors: NoSuchEntity when the user does not exist or does not have the key; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Removes the inactive keys of a user.</para>
/// <code>$null = New-LabUser ann; Get-LabAccessKey ann | Where-Object Status -EQ Inactive | Remove-LabAccessKey -Force</code>
/// </example>
/// <example>
/// <para>Deactivates the keys of a user, as after a leak.</para>
/// <code>$null = New-LabUser bob | New-LabAccessKey; Get-LabAccessKey bob | Remove-LabAccessKey -Deactivate -Force</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.AccessKeys.LabAccessKey.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabAccessKey", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = "Remove")]
[OutputType(typeof(void))]
public sealed class RemoveLabAccessKeyCommand : IdentityCommand
{
    /// <summary>Access key ids.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [ArgumentCompleter(typeof(AccessKeyIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] AccessKeyId { get; set; } = [];

    /// <summary>Name of the keys' user, or its ARN. The caller if omitted.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("UserName")]
    [ArgumentCompleter(typeof(UserNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>Keeps the keys, but lets nobody use them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Deactivate")]
    public SwitchParameter Deactivate { get; set; }

    /// <summary>Lets keys that are inactive be used again, instead of removing them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Activate")]
    public SwitchParameter Activate { get; set; }

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string id in AccessKeyId)
        {
            try
            {
                string? user = User is null ? null : IamName.Of("user", User);
                string whose = user is null ? "" : $" of user '{user}'";
                if (await ShouldProcessAsync($"access key {id}{whose}", Deactivate ? "Deactivate" : Activate ? "Activate" : "Remove", Force || Activate))
                {
                    await (Deactivate || Activate ? Keys.SetStatusAsync(user, id, Activate, cancellation) : Keys.RemoveAsync(user, id, cancellation));
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, id);
            }
        }
    }
}
