using System.Xml.Linq;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Core.Identity.Accounts;

/// <summary>
/// Reads the live account: with GetAccountAuthorizationDetails, page by page, where the service has it, else with the calls that list and get.
/// </summary>
/// <param name="client">The services.</param>
public sealed class AccountLoader(IdentityClient client)
{
    private const string Subject = "Account";

    /// <summary>Reads all principals with their policies.</summary>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The account. Throws <see cref="LabException"/> (AccessDenied).</returns>
    public async Task<AccountSnapshot> LoadAsync(CancellationToken cancellation = default)
    {
        AccountBuilder builder = new();
        try
        {
            string? marker = null;
            do
            {
                XElement page = await client.IamAsync("GetAccountAuthorizationDetails", Subject, null, cancellation, ("MaxItems", "1000"), ("Marker", marker));
                AddAll(builder, page);
                marker = NextMarker(page, marker);
            }
            while (marker is not null);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotSupported)
        {
            client.Reporter.Verbose("The service does not support GetAccountAuthorizationDetails: principals are listed and read one by one.");
            builder = new AccountBuilder();
            await ListAsync(builder, AccountPrincipalKind.User, "User", cancellation);
            await ListAsync(builder, AccountPrincipalKind.Group, "Group", cancellation);
            await ListAsync(builder, AccountPrincipalKind.Role, "Role", cancellation);
        }

        foreach (string arn in builder.Missing.ToList())
        {
            builder.AddManaged(arn, await ManagedAsync(arn, cancellation));
        }

        return builder.Build();
    }

    private static void AddAll(AccountBuilder builder, XElement page)
    {
        foreach ((string list, AccountPrincipalKind kind, string prefix) in new[]
        {
            ("UserDetailList", AccountPrincipalKind.User, "User"), ("GroupDetailList", AccountPrincipalKind.Group, "Group"), ("RoleDetailList", AccountPrincipalKind.Role, "Role"),
        })
        {
            foreach (XElement item in Members(page.Element(list)))
            {
                builder.Add(new RawPrincipal(kind, Text(item, prefix + "Name"), Text(item, "Arn"))
                {
                    Inline = [.. Members(item.Element(prefix + "PolicyList")).Select(policy => (Text(policy, "PolicyName"), policy.Element("PolicyDocument")?.Value))],
                    Attached = [.. Members(item.Element("AttachedManagedPolicies")).Select(policy => (Text(policy, "PolicyName"), Text(policy, "PolicyArn")))],
                    Groups = [.. Members(item.Element("GroupList")).Select(group => group.Value)],
                    Boundary = item.Element("PermissionsBoundary")?.Element("PermissionsBoundaryArn")?.Value,
                    Trust = item.Element("AssumeRolePolicyDocument")?.Value,
                });
            }
        }

        foreach (XElement policy in Members(page.Element("Policies")))
        {
            string current = Text(policy, "DefaultVersionId");
            builder.AddManaged(Text(policy, "Arn"), Members(policy.Element("PolicyVersionList")).FirstOrDefault(version => Text(version, "VersionId") == current)?.Element("Document")?.Value);
        }
    }

    private async Task ListAsync(AccountBuilder builder, AccountPrincipalKind kind, string noun, CancellationToken cancellation)
    {
        foreach (XElement item in await PagesAsync($"List{noun}s", $"{noun}s", cancellation))
        {
            string name = Text(item, noun + "Name");
            (string, string?) self = (noun + "Name", name);
            List<(string, string?)> inline = [];
            foreach (XElement policy in await PagesAsync($"List{noun}Policies", "PolicyNames", cancellation, self))
            {
                XElement got = await client.IamAsync($"Get{noun}Policy", $"{noun} '{name}'", name, cancellation, self, ("PolicyName", policy.Value));
                inline.Add((policy.Value, got.Element("PolicyDocument")?.Value));
            }

            List<(string, string)> attached = [.. (await PagesAsync($"ListAttached{noun}Policies", "AttachedPolicies", cancellation, self))
                .Select(policy => (Text(policy, "PolicyName"), Text(policy, "PolicyArn")))];
            List<string> groups = kind == AccountPrincipalKind.User
                ? [.. (await PagesAsync("ListGroupsForUser", "Groups", cancellation, self)).Select(group => Text(group, "GroupName"))]
                : [];
            builder.Add(new RawPrincipal(kind, name, Text(item, "Arn"))
            {
                Inline = inline,
                Attached = attached,
                Groups = groups,
                Boundary = item.Element("PermissionsBoundary")?.Element("PermissionsBoundaryArn")?.Value,
                Trust = item.Element("AssumeRolePolicyDocument")?.Value,
            });
        }
    }

    // What the service does not have there is nothing of.
    private async Task<List<XElement>> PagesAsync(string action, string list, CancellationToken cancellation, params (string Name, string? Value)[] parameters)
    {
        List<XElement> items = [];
        try
        {
            string? marker = null;
            do
            {
                XElement page = await client.IamAsync(action, Subject, null, cancellation, [.. parameters, ("Marker", marker)]);
                items.AddRange(Members(page.Element(list)));
                marker = NextMarker(page, marker);
            }
            while (marker is not null);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotSupported)
        {
            client.Reporter.Verbose($"The service does not support {action}: the account is treated as having none.");
        }

        return items;
    }

    private async Task<string?> ManagedAsync(string arn, CancellationToken cancellation)
    {
        try
        {
            string? version = (await client.IamAsync("GetPolicy", $"Policy {arn}", arn, cancellation, ("PolicyArn", arn))).Element("Policy")?.Element("DefaultVersionId")?.Value;
            XElement got = await client.IamAsync("GetPolicyVersion", $"Policy {arn}", arn, cancellation, ("PolicyArn", arn), ("VersionId", version));
            return got.Element("PolicyVersion")?.Element("Document")?.Value;
        }
        catch (LabException e) when (e.Kind is LabErrorKind.NotSupported or LabErrorKind.NotFound)
        {
            client.Reporter.Verbose($"The document of {arn} cannot be read: {e.Message}");
            return null;
        }
    }

    private static string? NextMarker(XElement page, string? last) =>
        page.Element("IsTruncated")?.Value is "true" && page.Element("Marker")?.Value is { Length: > 0 } next && next != last ? next : null;

    private static IEnumerable<XElement> Members(XElement? list) => list?.Elements("member") ?? [];

    private static string Text(XElement item, string name) => item.Element(name)?.Value ?? "";
}
