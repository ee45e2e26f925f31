using CloudLab.Core.Common;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Principals;

/// <summary>An inline policy of a role.</summary>
/// <param name="Name">Name of the role.</param>
/// <param name="PolicyName">Name of the policy.</param>
/// <param name="Document">What it allows and denies; null where the service gave something that is no policy document.</param>
public sealed record LabRolePolicy(string Name, string PolicyName, PolicyDocument? Document)
{
    /// <summary>The document's statements.</summary>
    public IReadOnlyList<PolicyStatement> Statement => Document?.Statement ?? new TextList<PolicyStatement>([]);

    /// <inheritdoc/>
    public override string ToString() => PolicyName;
}
