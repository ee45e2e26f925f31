using System.Globalization;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Principals;

/// <summary>The roles of an account: list, look up, create, remove.</summary>
/// <param name="client">The services.</param>
public sealed class RoleStore(IdentityClient client)
{
    /// <summary>Lists roles by name, page by page.</summary>
    /// <param name="pathPrefix">Beginning of their paths, or null for all.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Roles, without their policies and tags.</returns>
    public async IAsyncEnumerable<LabRole> ListAsync(
        string? pathPrefix = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (XElement role in PagesAsync("ListRoles", "Roles", "Roles", cancellation, ("PathPrefix", pathPrefix)))
        {
            yield return Read(role, null, null);
        }
    }

    /// <summary>Looks one role up, with its policies.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The role. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public async Task<LabRole> GetAsync(string name, CancellationToken cancellation = default)
    {
        XElement role = (await CallAsync("GetRole", name, cancellation)).Element("Role") ?? throw Unexpected(name, "GetRole");
        List<LabRolePolicy> policies = [];
        foreach (string policy in await PolicyNamesAsync(name, cancellation))
        {
            string? text = (await CallAsync("GetRolePolicy", name, cancellation, ("PolicyName", policy))).Element("PolicyDocument")?.Value;
            policies.Add(new LabRolePolicy(name, policy, Document(text, $"policy '{policy}' of role '{name}'")));
        }

        if (role.Element("Tags") is null && client.HasOwnEndpoint)
        {
            // Some servers only tell tags when asked for them.
            role.Add(await TagsAsync(name, cancellation));
        }

        return Read(role, policies, await AttachedAsync(name, cancellation));
    }

    /// <summary>Creates a role, with its policy if one is given: both, or neither.</summary>
    /// <param name="role">What to create.</param>
    /// <param name="cancellation">Cancels the requests; what is already created is removed again.</param>
    /// <returns>The role. Throws <see cref="LabException"/> (EntityAlreadyExists, MalformedPolicyDocument).</returns>
    public async Task<LabRole> CreateAsync(NewRole role, CancellationToken cancellation = default)
    {
        role.TrustPolicy.Validated(PolicyKind.Trust);
        role.Policy?.Validated(PolicyKind.Identity);
        List<(string, string?)> parameters =
        [
            ("AssumeRolePolicyDocument", role.TrustPolicy.ToJson(indented: false)),
            ("Path", role.Path),
            ("Description", role.Description),
            ("MaxSessionDuration", role.MaxSessionDuration is { } longest ? ((int)longest.TotalSeconds).ToString(CultureInfo.InvariantCulture) : null),
        ];
        int number = 0;
        foreach ((string key, string value) in role.Tags)
        {
            number++;
            parameters.Add(($"Tags.member.{number}.Key", key));
            parameters.Add(($"Tags.member.{number}.Value", value));
        }

        XElement created = (await CallAsync("CreateRole", role.Name, cancellation, [.. parameters])).Element("Role")
            ?? throw Unexpected(role.Name, "CreateRole");
        List<LabRolePolicy> policies = [];
        if (role.Policy is { } policy)
        {
            try
            {
                await CallAsync(
                    "PutRolePolicy", role.Name, cancellation, ("PolicyName", role.PolicyName), ("PolicyDocument", policy.ToJson(indented: false)));
            }
            catch (Exception e) when (e is LabException or OperationCanceledException)
            {
                await UndoAsync(role, e);
                throw;
            }

            policies.Add(new LabRolePolicy(role.Name, role.PolicyName, policy));
        }

        return Read(created, policies, []);
    }

    /// <summary>Removes a role.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="force">Also removes its inline policies, detaches its managed ones and takes it out of instance profiles; without it a role that has any is left alone.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when removed. Throws <see cref="LabException"/> (NoSuchEntity, DeleteConflict).</returns>
    public async Task RemoveAsync(string name, bool force, CancellationToken cancellation = default)
    {
        if (force)
        {
            foreach (string policy in await PolicyNamesAsync(name, cancellation))
            {
                await CallAsync("DeleteRolePolicy", name, cancellation, ("PolicyName", policy));
            }

            foreach (string arn in await AttachedAsync(name, cancellation))
            {
                await CallAsync("DetachRolePolicy", name, cancellation, ("PolicyArn", arn));
            }

            foreach (string profile in await InstanceProfilesAsync(name, cancellation))
            {
                await CallAsync("RemoveRoleFromInstanceProfile", name, cancellation, ("InstanceProfileName", profile));
            }
        }

        try
        {
            await CallAsync("DeleteRole", name, cancellation);
        }
        catch (LabException e) when (e.Code == "DeleteConflict" && !force)
        {
            throw new LabException(e.Kind, e.Code, e.Message, e)
            {
                StatusCode = e.StatusCode,
                RequestId = e.RequestId,
                Target = name,
                Advice = "Use -Force to remove its policies too.",
            };
        }
    }

    private static LabException Unexpected(string name, string action) => new(
        LabErrorKind.ServiceFailed, "InvalidResponse", $"Role '{name}': the response to {action} contains no role.") { Target = name };

    // By the order of the leaves, since radosgw wraps key and value each into an element of its own.
    private static Dictionary<string, string> ReadTags(XElement? tags)
    {
        Dictionary<string, string> read = [];
        string key = "";
        foreach (XElement leaf in (tags?.Descendants() ?? []).Where(element => !element.HasElements))
        {
            if (leaf.Name == "Key")
            {
                key = leaf.Value;
            }
            else if (leaf.Name == "Value")
            {
                read[key] = leaf.Value;
            }
        }

        return read;
    }

    /// <summary>Reads a time as IAM writes it.</summary>
    /// <param name="text">ISO 8601.</param>
    /// <returns>The time, or null where it is none.</returns>
    internal static DateTimeOffset? Date(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset date) ? date : null;

    private async Task UndoAsync(NewRole role, Exception problem)
    {
        try
        {
            await client.IamAsync("DeleteRole", $"Role '{role.Name}'", role.Name, CancellationToken.None, ("RoleName", role.Name));
            client.Reporter.Verbose($"Removed role '{role.Name}' again: its policy was not accepted.");
        }
        catch (LabException e)
        {
            throw new LabException(
                LabErrorKind.ServiceFailed, "RoleHalfMade",
                $"Role '{role.Name}' was created but has no policy ({problem.Message.TrimEnd('.')}), and it could not be removed again ({e.Message.TrimEnd('.')}).", problem)
            {
                Target = role.Name,
                Advice = "Remove it with Remove-LabRole -Force, then try again.",
            };
        }
    }

    private async Task<List<string>> PolicyNamesAsync(string name, CancellationToken cancellation)
    {
        List<string> names = [];
        await foreach (XElement policy in PagesAsync("ListRolePolicies", "PolicyNames", $"Role '{name}'", cancellation, ("RoleName", name)))
        {
            names.Add(policy.Value);
        }

        return names;
    }

    private async Task<List<string>> AttachedAsync(string name, CancellationToken cancellation)
    {
        List<string> arns = [];
        await foreach (XElement policy in OptionalPagesAsync("ListAttachedRolePolicies", "AttachedPolicies", name, cancellation))
        {
            arns.Add(policy.Element("PolicyArn")?.Value ?? "");
        }

        return arns;
    }

    private async Task<XElement?> TagsAsync(string name, CancellationToken cancellation)
    {
        try
        {
            return (await CallAsync("ListRoleTags", name, cancellation)).Element("Tags");
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotSupported)
        {
            client.Reporter.Verbose($"The service does not support ListRoleTags, so role '{name}' is shown without tags.");
            return null;
        }
    }

    private async Task<List<string>> InstanceProfilesAsync(string name, CancellationToken cancellation)
    {
        List<string> profiles = [];
        await foreach (XElement profile in OptionalPagesAsync("ListInstanceProfilesForRole", "InstanceProfiles", name, cancellation))
        {
            profiles.Add(profile.Element("InstanceProfileName")?.Value ?? "");
        }

        return profiles;
    }

    /// <summary>What a server that is not Amazon's may not have: then there is nothing of it.</summary>
    private async IAsyncEnumerable<XElement> OptionalPagesAsync(
        string action, string list, string role, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using IAsyncEnumerator<XElement> items =
            PagesAsync(action, list, $"Role '{role}'", cancellation, ("RoleName", role)).GetAsyncEnumerator(cancellation);
        while (true)
        {
            try
            {
                if (!await items.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (LabException e) when (e.Kind == LabErrorKind.NotSupported)
            {
                client.Reporter.Verbose($"The service does not support {action}, so role '{role}' is treated as having none.");
                yield break;
            }

            yield return items.Current;
        }
    }

    private async IAsyncEnumerable<XElement> PagesAsync(
        string action, string list, string subject, [EnumeratorCancellation] CancellationToken cancellation, params (string Name, string? Value)[] parameters)
    {
        string? marker = null;
        do
        {
            XElement page = await client.IamAsync(action, subject, null, cancellation, [.. parameters, ("Marker", marker)]);
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

    private Task<XElement> CallAsync(string action, string role, CancellationToken cancellation, params (string Name, string? Value)[] parameters) =>
        client.IamAsync(action, $"Role '{role}'", role, cancellation, [("RoleName", role), .. parameters]);

    private LabRole Read(XElement role, IReadOnlyList<LabRolePolicy>? policies, IReadOnlyList<string>? attached)
    {
        string name = role.Element("RoleName")?.Value ?? "";
        return new LabRole
        {
            Name = name,
            RoleArn = role.Element("Arn")?.Value ?? "",
            RoleId = role.Element("RoleId")?.Value ?? "",
            Path = role.Element("Path")?.Value ?? "/",
            Description = role.Element("Description")?.Value is { Length: > 0 } words ? words : null,
            CreateDate = Date(role.Element("CreateDate")?.Value),
            MaxSessionDuration = int.TryParse(role.Element("MaxSessionDuration")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
                ? TimeSpan.FromSeconds(seconds)
                : null,
            TrustPolicy = Document(role.Element("AssumeRolePolicyDocument")?.Value, $"trust policy of role '{name}'"),
            Policies = policies,
            AttachedPolicies = attached,
            Tags = ReadTags(role.Element("Tags")),
        };
    }

    private PolicyDocument? Document(string? text, string what)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        try
        {
            // AWS encodes documents as in a URL, some servers do not.
            return PolicyDocument.Parse(text.TrimStart().StartsWith('{') ? text : Uri.UnescapeDataString(text));
        }
        catch (LabException e)
        {
            client.Reporter.Warning($"The {what} cannot be parsed and is left out: {e.Message}");
            return null;
        }
    }
}
