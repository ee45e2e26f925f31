using System.Xml.Linq;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Principals;

/// <summary>A role or user with all that decides on its requests.</summary>
/// <param name="Arn">Its ARN.</param>
/// <param name="Policies">Its inline and attached policies, those of its groups, and its permissions boundary.</param>
/// <param name="Tags">Its tags.</param>
public sealed record PrincipalPolicySet(string Arn, PolicySet Policies, IReadOnlyDictionary<string, string> Tags)
{
    /// <summary>A caller with the path of its role, if it is this role: the ARN of a session does not have the path.</summary>
    /// <param name="caller">The caller.</param>
    /// <returns>The caller, with the whole ARN of its role.</returns>
    public PolicyCaller Completed(PolicyCaller caller) => caller.RoleArn is { } assumed && Arn.Contains(":role/", StringComparison.Ordinal)
        && assumed[assumed.LastIndexOf('/')..] == Arn[Arn.LastIndexOf('/')..] ? caller with { RoleArn = Arn } : caller;
}

/// <summary>Reads the policies of a role or user from the account, for a decision.</summary>
/// <param name="client">The services.</param>
public sealed class PrincipalPolicies(IdentityClient client)
{
    /// <summary>Reads the policies of a role.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Its policies. Throws <see cref="LabException"/> (NoSuchEntity, AccessDenied).</returns>
    public Task<PrincipalPolicySet> OfRoleAsync(string name, CancellationToken cancellation = default) => OfAsync("Role", name, cancellation);

    /// <summary>Reads the policies of a user, those of its groups among them.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Its policies. Throws <see cref="LabException"/> (NoSuchEntity, AccessDenied).</returns>
    public Task<PrincipalPolicySet> OfUserAsync(string name, CancellationToken cancellation = default) => OfAsync("User", name, cancellation);

    private async Task<PrincipalPolicySet> OfAsync(string kind, string name, CancellationToken cancellation)
    {
        XElement? found = (await client.IamAsync($"Get{kind}", $"{kind} '{name}'", name, cancellation, ($"{kind}Name", name))).Element(kind);
        List<NamedPolicy> policies = await OwnAsync(kind, name, cancellation);
        if (kind == "User")
        {
            await foreach (XElement group in client.IamOptionalListAsync("ListGroupsForUser", $"User '{name}'", null, cancellation, ("UserName", name)))
            {
                policies.AddRange(await OwnAsync("Group", group.Element("GroupName")?.Value ?? "", cancellation));
            }
        }

        return new PrincipalPolicySet(
            found?.Element("Arn")?.Value ?? "",
            new PolicySet
            {
                Identity = policies,
                Boundary = found?.BoundaryArn() is { } boundary ? await ManagedAsync(boundary, "permissions boundary", cancellation) : null,
            },
            IamXml.ReadTags(found?.Element("Tags")));
    }

    private async Task<List<NamedPolicy>> OwnAsync(string kind, string name, CancellationToken cancellation)
    {
        string subject = $"{kind} '{name}'", owner = $"{kind.ToLowerInvariant()} '{name}'";
        (string, string?) parameter = ($"{kind}Name", name);
        List<NamedPolicy> policies = [];
        await foreach (XElement policy in client.IamOptionalListAsync($"List{kind}Policies", subject, null, cancellation, parameter))
        {
            XElement answer = await client.IamAsync($"Get{kind}Policy", subject, name, cancellation, parameter, ("PolicyName", policy.Value));
            policies.Add(Named($"inline policy '{policy.Value}' of {owner}", answer.Element("PolicyDocument")?.Value));
        }

        await foreach (XElement policy in client.IamOptionalListAsync($"ListAttached{kind}Policies", subject, null, cancellation, parameter))
        {
            policies.Add(await ManagedAsync(policy.Element("PolicyArn")?.Value ?? "", "policy", cancellation));
        }

        return policies;
    }

    private async Task<NamedPolicy> ManagedAsync(string arn, string what, CancellationToken cancellation) =>
        Named($"{what} '{arn[(arn.LastIndexOf('/') + 1)..]}'", (await client.IamManagedPolicyAsync(arn, cancellation)).Version.OptionalText("Document"));

    // A policy that is left out could be the one that denies: no decision then.
    private static NamedPolicy Named(string name, string? text)
    {
        try
        {
            return new NamedPolicy(name, IamXml.Parse(text ?? ""));
        }
        catch (LabException e)
        {
            throw new LabException(e.Kind, e.Code, $"The {name} cannot be read, so nothing can be decided: {e.Message}", e);
        }
    }
}
