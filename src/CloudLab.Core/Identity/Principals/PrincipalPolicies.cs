using System.Runtime.CompilerServices;
using System.Xml.Linq;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Principals;

/// <summary>A role or user with all that decides on its requests.</summary>
/// <param name="Arn">Its ARN.</param>
/// <param name="Policies">Its inline and attached policies, those of its groups, and its permissions boundary.</param>
/// <param name="Tags">Its tags.</param>
public sealed record PrincipalPolicySet(string Arn, PolicySet Policies, IReadOnlyDictionary<string, string> Tags);

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
            await foreach (XElement group in ListAsync("ListGroupsForUser", "Groups", $"User '{name}'", cancellation, ("UserName", name)))
            {
                policies.AddRange(await OwnAsync("Group", group.Element("GroupName")?.Value ?? "", cancellation));
            }
        }

        XElement? boundary = found?.Element("PermissionsBoundary");
        string? boundaryArn = boundary?.Element("PermissionsBoundaryArn")?.Value ?? (boundary is { HasElements: false } ? boundary.Value : null);
        Dictionary<string, string> tags = [];
        foreach (XElement key in found?.Element("Tags")?.Descendants("Key") ?? [])
        {
            tags[key.Value] = key.Parent?.Element("Value")?.Value ?? "";
        }

        return new PrincipalPolicySet(
            found?.Element("Arn")?.Value ?? "",
            new PolicySet
            {
                Identity = policies,
                Boundary = string.IsNullOrEmpty(boundaryArn) ? null : await ManagedAsync(boundaryArn, "permissions boundary", cancellation),
            },
            tags);
    }

    private async Task<List<NamedPolicy>> OwnAsync(string kind, string name, CancellationToken cancellation)
    {
        string subject = $"{kind} '{name}'", owner = $"{kind.ToLowerInvariant()} '{name}'";
        (string, string?) parameter = ($"{kind}Name", name);
        List<NamedPolicy> policies = [];
        await foreach (XElement policy in ListAsync($"List{kind}Policies", "PolicyNames", subject, cancellation, parameter))
        {
            XElement answer = await client.IamAsync($"Get{kind}Policy", subject, name, cancellation, parameter, ("PolicyName", policy.Value));
            policies.Add(Named($"inline policy '{policy.Value}' of {owner}", answer.Element("PolicyDocument")?.Value));
        }

        await foreach (XElement policy in ListAsync($"ListAttached{kind}Policies", "AttachedPolicies", subject, cancellation, parameter))
        {
            policies.Add(await ManagedAsync(policy.Element("PolicyArn")?.Value ?? "", "policy", cancellation));
        }

        return policies;
    }

    private async Task<NamedPolicy> ManagedAsync(string arn, string what, CancellationToken cancellation)
    {
        string subject = $"Policy '{arn}'";
        string? version = (await client.IamAsync("GetPolicy", subject, arn, cancellation, ("PolicyArn", arn))).Element("Policy")?.Element("DefaultVersionId")?.Value;
        XElement answer = await client.IamAsync("GetPolicyVersion", subject, arn, cancellation, ("PolicyArn", arn), ("VersionId", version));
        return Named($"{what} '{arn[(arn.LastIndexOf('/') + 1)..]}'", answer.Element("PolicyVersion")?.Element("Document")?.Value);
    }

    // A policy that is left out could be the one that denies: no decision then.
    private static NamedPolicy Named(string name, string? text)
    {
        try
        {
            return new NamedPolicy(name, PolicyDocument.Parse((text ?? "").TrimStart().StartsWith('{') ? text! : Uri.UnescapeDataString(text ?? "")));
        }
        catch (LabException e)
        {
            throw new LabException(e.Kind, e.Code, $"The {name} cannot be read, so nothing can be decided: {e.Message}", e);
        }
    }

    // What a server that is not Amazon's does not have, nobody has there.
    private async IAsyncEnumerable<XElement> ListAsync(
        string action, string list, string subject, [EnumeratorCancellation] CancellationToken cancellation, (string Name, string? Value) parameter)
    {
        string? marker = null;
        do
        {
            XElement page;
            try
            {
                page = await client.IamAsync(action, subject, null, cancellation, parameter, ("Marker", marker));
            }
            catch (LabException e) when (e.Kind == LabErrorKind.NotSupported)
            {
                client.Reporter.Verbose($"The service does not support {action}: {subject} is treated as having none.");
                yield break;
            }

            foreach (XElement member in page.Element(list)?.Elements("member") ?? [])
            {
                yield return member;
            }

            // A marker that does not move would never end.
            string? next = page.Element("IsTruncated")?.Value is "true" ? page.Element("Marker")?.Value : null;
            marker = next == marker ? null : next;
        }
        while (!string.IsNullOrEmpty(marker));
    }
}
