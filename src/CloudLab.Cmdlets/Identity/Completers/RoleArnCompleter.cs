using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Completers;

/// <summary>Offers the ARNs of the account's roles.</summary>
public sealed class RoleArnCompleter : RoleNameCompleter
{
    /// <inheritdoc/>
    private protected override string TextOf(LabRole role) => role.RoleArn;
}
