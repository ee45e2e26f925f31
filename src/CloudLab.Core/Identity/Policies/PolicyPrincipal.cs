using System.Collections.Specialized;
using CloudLab.Core.Common;

namespace CloudLab.Core.Identity.Policies;

/// <summary>Whom a statement of a trust or resource policy names.</summary>
public sealed class PolicyPrincipal : IPolicyNode
{
    /// <summary>Everybody, signed in or not: <c>"*"</c>.</summary>
    public static PolicyPrincipal Everyone { get; } = new() { IsEveryone = true };

    /// <summary>True for <c>"*"</c>.</summary>
    public bool IsEveryone { get; private init; }

    /// <summary>Account ids and ARNs of accounts, users, roles and role sessions, or <c>*</c>.</summary>
    public IReadOnlyList<string> AWS { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>Services: <c>ec2.amazonaws.com</c>.</summary>
    public IReadOnlyList<string> Service { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>Identity providers: <c>cognito-identity.amazonaws.com</c>, or the ARN of a SAML or OIDC provider.</summary>
    public IReadOnlyList<string> Federated { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>Canonical user ids of S3.</summary>
    public IReadOnlyList<string> CanonicalUser { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <inheritdoc/>
    public override string ToString() =>
        IsEveryone ? "*" : string.Join(", ", [.. AWS, .. Service, .. Federated, .. CanonicalUser]);

    OrderedDictionary IPolicyNode.Elements()
    {
        OrderedDictionary elements = new(StringComparer.OrdinalIgnoreCase);
        if (IsEveryone)
        {
            // What "*" alone stands for.
            elements["AWS"] = "*";
        }

        foreach ((string name, IReadOnlyList<string> values) in new[]
        {
            ("AWS", AWS), ("Service", Service), ("Federated", Federated), ("CanonicalUser", CanonicalUser),
        })
        {
            if (values.Count > 0)
            {
                elements[name] = values;
            }
        }

        return elements;
    }
}
