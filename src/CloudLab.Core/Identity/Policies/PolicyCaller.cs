namespace CloudLab.Core.Identity.Policies;

/// <summary>Who makes a request, as policies see it.</summary>
public sealed record PolicyCaller
{
    /// <summary>Nobody: a request without a signature.</summary>
    public static PolicyCaller Anonymous { get; } = new();

    /// <summary>Account id, or null for an anonymous caller.</summary>
    public string? Account { get; init; }

    /// <summary>ARN of the user, of the role session (<c>arn:aws:sts::…:assumed-role/role/session</c>) or of the account's root.</summary>
    public string? Arn { get; init; }

    /// <summary>ARN of the role that a role session has assumed, else null.</summary>
    public string? RoleArn { get; init; }

    /// <summary>The account's root user: everything is allowed to it that nothing denies.</summary>
    public bool IsRoot { get; init; }
}
