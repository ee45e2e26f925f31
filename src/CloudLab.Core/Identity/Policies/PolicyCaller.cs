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

    /// <summary>
    /// ARN of the role that a role session has assumed, or of the user behind a federated session (GetFederationToken), else null: what
    /// is granted to it, boundary and session policies still limit.
    /// </summary>
    public string? RoleArn { get; init; }

    /// <summary>The account's root user: everything is allowed to it that nothing denies.</summary>
    public bool IsRoot { get; init; }

    /// <summary>An AWS service that makes the request on its own behalf: <c>ec2.amazonaws.com</c>; else null.</summary>
    public string? Service { get; init; }

    /// <summary>Identity provider that vouches for somebody who has no AWS credentials yet, in AssumeRoleWithWebIdentity or AssumeRoleWithSAML; else null.</summary>
    public string? Federated { get; init; }

    /// <summary>Canonical user id of S3, where it is known.</summary>
    public string? CanonicalUser { get; init; }

    /// <summary>Whether the role is one that a service made for itself: control policies do not apply to it.</summary>
    internal bool IsServiceLinked => RoleArn?.Contains(":role/aws-service-role/", StringComparison.Ordinal) == true;
}
