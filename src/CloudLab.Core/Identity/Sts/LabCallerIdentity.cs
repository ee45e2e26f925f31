namespace CloudLab.Core.Identity.Sts;

/// <summary>Who the credentials of a session stand for.</summary>
public sealed class LabCallerIdentity
{
    /// <summary>Account id: twelve digits; other servers have ids of other forms.</summary>
    public required string Account { get; init; }

    /// <summary>ARN of the user, of the role session or of the account's root.</summary>
    public required string Arn { get; init; }

    /// <summary>Unique id of the user, or that of the role and the session's name.</summary>
    public required string UserId { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Arn;
}
