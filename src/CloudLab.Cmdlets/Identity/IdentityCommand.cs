using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Sts;

namespace CloudLab.Cmdlets.Identity;

/// <summary>Base of the cmdlets that talk to IAM and STS.</summary>
public abstract class IdentityCommand : AwsCommand
{
    /// <summary>What names of roles and policies look like: the IAM API Reference's own pattern.</summary>
    protected const string NamePattern = @"^[a-zA-Z0-9_+=,.@-]+\z";

    /// <summary>IAM and STS as this command's session reaches them.</summary>
    protected IdentityClient Client => new(Lab, Reporter);

    /// <summary>The roles.</summary>
    protected RoleStore Roles => new(Client);

    /// <summary>The caller.</summary>
    protected CallerStore Caller => new(Client);
}
