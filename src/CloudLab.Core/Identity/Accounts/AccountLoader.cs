using System.Xml.Linq;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Core.Identity.Accounts;

/// <summary>
/// Reads the live account: with GetAccountAuthorizationDetails, page by page, where the service has it, else with the calls that list and get.
/// </summary>
/// <param name="client">The services.</param>
public sealed class AccountLoader(IdentityClient client)
{
    private const string Subject = "Account";

    // How many principals are read at once.
    private const int AtOnce = 8;

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
                marker = page.NextMarker(marker);
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
            foreach (XElement item in page.Members(list))
            {
                builder.Add(new RawPrincipal(kind, item.Text(prefix + "Name"), item.Text("Arn"))
                {
                    Inline = [.. item.Members(prefix + "PolicyList").Select(policy => (policy.Text("PolicyName"), policy.Element("PolicyDocument")?.Value))],
                    Attached = [.. item.Members("AttachedManagedPolicies").Select(policy => (policy.Text("PolicyName"), policy.Text("PolicyArn")))],
                    Groups = [.. item.Members("GroupList").Select(group => group.Value)],
                    Boundary = item.BoundaryArn(),
                    Trust = item.Element("AssumeRolePolicyDocument")?.Value,
                });
            }
        }

        foreach (XElement policy in page.Members("Policies"))
        {
            string current = policy.Text("DefaultVersionId");
            builder.AddManaged(policy.Text("Arn"), policy.Members("PolicyVersionList").FirstOrDefault(version => version.Text("VersionId") == current)?.Element("Document")?.Value);
        }
    }

    private async Task ListAsync(AccountBuilder builder, AccountPrincipalKind kind, string noun, CancellationToken cancellation)
    {
        IAsyncEnumerable<XElement> items = client.IamOptionalListAsync($"List{noun}s", Subject, null, cancellation);
        await foreach (RawPrincipal principal in ParallelStream.SelectAsync(items, AtOnce, (item, token) => ReadAsync(item, kind, noun, token), cancellation))
        {
            builder.Add(principal);
        }
    }

    private async Task<RawPrincipal> ReadAsync(XElement item, AccountPrincipalKind kind, string noun, CancellationToken cancellation)
    {
        string name = item.Text(noun + "Name");
        (string, string?) self = (noun + "Name", name);
        List<(string, string?)> inline = [];
        foreach (XElement policy in await ItemsAsync($"List{noun}Policies", cancellation, self))
        {
            XElement got = await client.IamAsync($"Get{noun}Policy", $"{noun} '{name}'", name, cancellation, self, ("PolicyName", policy.Value));
            inline.Add((policy.Value, got.Element("PolicyDocument")?.Value));
        }

        List<(string, string)> attached = [.. (await ItemsAsync($"ListAttached{noun}Policies", cancellation, self))
            .Select(policy => (policy.Text("PolicyName"), policy.Text("PolicyArn")))];
        List<string> groups = kind == AccountPrincipalKind.User
            ? [.. (await ItemsAsync("ListGroupsForUser", cancellation, self)).Select(group => group.Text("GroupName"))]
            : [];
        return new RawPrincipal(kind, name, item.Text("Arn"))
        {
            Inline = inline,
            Attached = attached,
            Groups = groups,
            // Lists leave it out.
            Boundary = item.BoundaryArn() ?? (kind == AccountPrincipalKind.Group ? null
                : (await client.IamItemAsync($"Get{noun}", $"{noun} '{name}'", name, cancellation, self)).BoundaryArn()),
            Trust = item.Element("AssumeRolePolicyDocument")?.Value,
        };
    }

    private ValueTask<List<XElement>> ItemsAsync(string action, CancellationToken cancellation, params (string Name, string? Value)[] parameters) =>
        client.IamOptionalListAsync(action, Subject, null, cancellation, parameters).ToListAsync(cancellation);

    private async Task<string?> ManagedAsync(string arn, CancellationToken cancellation)
    {
        try
        {
            return (await client.IamManagedPolicyAsync(arn, cancellation)).Version.OptionalText("Document");
        }
        catch (LabException e) when (e.Kind is LabErrorKind.NotSupported or LabErrorKind.NotFound)
        {
            client.Reporter.Verbose($"The document of {arn} cannot be read: {e.Message}");
            return null;
        }
    }
}
