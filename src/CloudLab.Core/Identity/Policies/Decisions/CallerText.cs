using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Identity.Policies.Decisions;

/// <summary>A caller as a person names one.</summary>
public static class CallerText
{
    /// <summary>Account of a caller of whom nothing is known: the one that AWS's documentation uses for examples.</summary>
    public const string ExampleAccount = "123456789012";

    // A role is only ever used in a session; the name is that of nobody in particular.
    private const string AnySession = "session";

    /// <summary>Reads a caller. Throws <see cref="LabException"/> (<c>PrincipalInvalid</c>).</summary>
    /// <param name="text">
    /// ARN of a user, a role, a role session, a federated user, an account's root or an identity provider; an account id for its root; a service such as
    /// <c>ec2.amazonaws.com</c>; a canonical user id of S3; <c>*</c> or <c>anonymous</c> for a request without a signature.
    /// </param>
    /// <returns>The caller.</returns>
    public static PolicyCaller Parse(string text) => TryParse(text) ?? throw new LabException(
        LabErrorKind.InvalidArgument, "PrincipalInvalid",
        $"'{text}' is not a caller: give the ARN of a user, a role, a role session or an account's root, an account id, a service such as ec2.amazonaws.com, or * for an anonymous request.")
    {
        Target = text,
    };

    /// <summary>Reads a caller.</summary>
    /// <param name="text">As for <see cref="Parse"/>.</param>
    /// <returns>The caller, or null for what is none.</returns>
    public static PolicyCaller? TryParse(string text)
    {
        if (text is "*" || text.Equals("anonymous", StringComparison.OrdinalIgnoreCase))
        {
            return PolicyCaller.Anonymous;
        }

        if (text.Length == 12 && text.All(char.IsAsciiDigit))
        {
            return Root("aws", text);
        }

        if (text.Split(':', 6) is ["arn", var partition, "iam" or "sts", _, var account, var entity])
        {
            string[] parts = entity.Split('/');
            switch (parts)
            {
                case ["root"]:
                    return Root(partition, account);
                case ["user", .., { Length: > 0 }]:
                    return new PolicyCaller { Account = account, Arn = text };
                case ["role", .., { Length: > 0 } name]:
                    return new PolicyCaller { Account = account, RoleArn = text, Arn = $"arn:{partition}:sts::{account}:assumed-role/{name}/{AnySession}" };
                case ["assumed-role", { Length: > 0 } role, { Length: > 0 }]:
                    return new PolicyCaller { Account = account, Arn = text, RoleArn = $"arn:{partition}:iam::{account}:role/{role}" };
                case ["federated-user", { Length: > 0 } user]:
                    return new PolicyCaller { Account = account, Arn = text, RoleArn = $"arn:{partition}:iam::{account}:user/{user}" };
                case ["saml-provider" or "oidc-provider", ..]:
                    return new PolicyCaller { Federated = text };
                default:
                    break;
            }
        }

        if (text.Length == 64 && text.All(char.IsAsciiHexDigit))
        {
            return new PolicyCaller { CanonicalUser = text };
        }

        if (PolicyStatements.IsFederated(text))
        {
            return new PolicyCaller { Federated = text };
        }

        if (text.Contains(".amazonaws.com", StringComparison.Ordinal) && !text.Contains('/', StringComparison.Ordinal))
        {
            return new PolicyCaller { Service = text };
        }

        return null;
    }

    /// <summary>Sets the condition keys that follow from who calls, where they are not set.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="context">Is given the keys.</param>
    public static void Describe(PolicyCaller caller, PolicyContext context)
    {
        void Add(string key, string? value)
        {
            if (value is not null && context.Get(key) is null)
            {
                context.Set(key, value);
            }
        }

        bool federated = caller.Arn?.Contains(":federated-user/", StringComparison.Ordinal) == true;
        Add("aws:PrincipalAccount", caller.Account);
        Add("aws:PrincipalArn", federated ? caller.Arn : caller.RoleArn ?? caller.Arn);
        Add("aws:PrincipalType", caller switch
        {
            { IsRoot: true } => "Account",
            { Account: null, Service: null, Federated: null, CanonicalUser: null } => "Anonymous",
            { Account: null } => null,
            { RoleArn: not null } => federated ? "FederatedUser" : "AssumedRole",
            _ => "User",
        });
        if (caller is { Account: not null, RoleArn: null, IsRoot: false, Arn: { } user })
        {
            Add("aws:username", user[(user.LastIndexOf('/') + 1)..]);
        }

        Add("aws:PrincipalIsAWSService", caller.Service is null ? "false" : "true");
        Add("aws:PrincipalServiceName", caller.Service);
    }

    private static PolicyCaller Root(string partition, string account) =>
        new() { Account = account, Arn = $"arn:{partition}:iam::{account}:root", IsRoot = true };
}
