using System.Globalization;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Attachments;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Principals;

/// <summary>The roles of an account: list, look up, create, change, remove.</summary>
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
        await foreach (XElement role in client.IamListAsync("ListRoles", "Roles", null, cancellation, ("PathPrefix", pathPrefix)))
        {
            yield return Read(role, null, null, IamXml.ReadTags(role.Element("Tags")));
        }
    }

    /// <summary>Looks one role up, with its policies.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The role. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public async Task<LabRole> GetAsync(string name, CancellationToken cancellation = default)
    {
        PolicyAttachmentStore attachments = new(client);
        XElement role = await client.IamItemAsync("GetRole", Subject(name), name, cancellation, ("RoleName", name));
        List<LabPolicyAttachment> inline = await attachments.InlineAsync(PrincipalKind.Role, name, documents: true, cancellation).ToListAsync(cancellation);
        TextDictionary tags = await client.IamTagsAsync("ListRoleTags", Subject(name), role, cancellation, ("RoleName", name));
        return Read(role, inline, await AttachedAsync(attachments, name, cancellation), tags);
    }

    /// <summary>Looks for a role.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The role, without its policies; null where there is none of the name. Throws <see cref="LabException"/>.</returns>
    public async Task<LabRole?> FindAsync(string name, CancellationToken cancellation = default)
    {
        try
        {
            XElement role = await client.IamItemAsync("GetRole", Subject(name), name, cancellation, ("RoleName", name));
            return Read(role, null, null, IamXml.ReadTags(role.Element("Tags")));
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>Creates a role with its policies: all of it, or nothing.</summary>
    /// <param name="role">What to create.</param>
    /// <param name="cancellation">Cancels the requests; what is already created is removed again.</param>
    /// <returns>The role. Throws <see cref="LabException"/> (EntityAlreadyExists, MalformedPolicyDocument).</returns>
    public async Task<LabRole> CreateAsync(NewRole role, CancellationToken cancellation = default)
    {
        role.TrustPolicy.Validated(PolicyKind.Trust);
        role.Policy?.Validated(PolicyKind.Identity);
        XElement created = await SendTrustAsync(
            role.Name, role.TrustPolicy,
            () => Finishing.RunAsync(
                token => client.IamItemAsync("CreateRole", Subject(role.Name), role.Name, token,
                [
                    ("RoleName", role.Name),
                    ("AssumeRolePolicyDocument", role.TrustPolicy.ToJson(indented: false)),
                    ("Path", role.Path),
                    ("Description", role.Description),
                    ("MaxSessionDuration", Seconds(role.MaxSessionDuration)),
                    ("PermissionsBoundary", role.PermissionsBoundary),
                    .. IamXml.TagParameters(role.Tags),
                ]),
                cancellation),
            cancellation);
        PolicyAttachmentStore attachments = new(client);
        List<LabPolicyAttachment> inline = [];
        try
        {
            cancellation.ThrowIfCancellationRequested();
            if (role.Policy is { } policy)
            {
                inline.Add(await Finishing.RunAsync(token => attachments.PutInlineAsync(PrincipalKind.Role, role.Name, role.PolicyName, policy, token), cancellation));
            }

            foreach (string managed in role.ManagedPolicies)
            {
                cancellation.ThrowIfCancellationRequested();
                await Finishing.RunAsync(token => attachments.AttachAsync(PrincipalKind.Role, role.Name, managed, token), cancellation);
            }

            cancellation.ThrowIfCancellationRequested();
        }
        catch (Exception e) when (e is LabException or OperationCanceledException)
        {
            await Undoing.RunAsync(
                client, Subject(role.Name), role.Name, "RoleHalfMade", role.ManagedPolicies.Count == 0 ? "has no policy" : "does not have all its policies",
                "Remove-LabRole -Force", e,
                token => inline.Count > 0 || role.ManagedPolicies.Count > 0
                    ? RemoveAsync(role.Name, force: true, token)
                    : client.IamAsync("DeleteRole", Subject(role.Name), role.Name, token, ("RoleName", role.Name)));
            throw;
        }

        return Read(created, inline, role.ManagedPolicies, IamXml.ReadTags(created.Element("Tags")), role.PermissionsBoundary);
    }

    /// <summary>Changes a role.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="change">What to change.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when changed. Throws <see cref="LabException"/> (NoSuchEntity, MalformedPolicyDocument), which says what was changed before.</returns>
    public Task ChangeAsync(string name, IdentityChange change, CancellationToken cancellation = default)
    {
        List<(string, Func<Task>)> steps = [];
        if (change.TrustPolicy is { } trust)
        {
            trust.Validated(PolicyKind.Trust);
            steps.Add(("the trust policy", () => SendTrustAsync(
                name, trust,
                () => client.IamAsync("UpdateAssumeRolePolicy", Subject(name), name, cancellation, ("RoleName", name), ("PolicyDocument", trust.ToJson(indented: false))),
                cancellation)));
        }

        if (change.Description is not null || change.MaxSessionDuration is not null)
        {
            steps.Add((change.MaxSessionDuration is null ? "the description" : change.Description is null ? "the session duration" : "the description and session duration", async () =>
            {
                // Where one of them is left out, AWS puts its default in its place.
                XElement now = await client.IamItemAsync("GetRole", Subject(name), name, cancellation, ("RoleName", name));
                await client.IamAsync(
                    "UpdateRole", Subject(name), name, cancellation,
                    ("RoleName", name), ("Description", change.Description ?? now.OptionalText("Description")),
                    ("MaxSessionDuration", Seconds(change.MaxSessionDuration) ?? now.OptionalText("MaxSessionDuration")));
            }));
        }

        if (change.PermissionsBoundary is { } boundary)
        {
            steps.Add(("the permissions boundary", () => IdentityChanges.BoundAsync(client, "Role", Subject(name), name, boundary, cancellation)));
        }

        if (change.Tags is { } tags)
        {
            steps.Add(("the tags", async () =>
            {
                XElement role = await client.IamItemAsync("GetRole", Subject(name), name, cancellation, ("RoleName", name));
                TextDictionary before = await client.IamTagsAsync("ListRoleTags", Subject(name), role, cancellation, ("RoleName", name));
                await IdentityChanges.TagAsync(client, "Role", Subject(name), name, before, tags, cancellation);
            }));
        }

        return IdentityChanges.RunAsync(client, Subject(name), steps);
    }

    /// <summary>Looks a role up that was changed.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The role. Throws <see cref="LabException"/>, which says that the change was made.</returns>
    public Task<LabRole> ReadBackAsync(string name, CancellationToken cancellation = default) =>
        IdentityChanges.ReadBackAsync(Subject(name), () => GetAsync(name, cancellation));

    /// <summary>Removes a role.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="force">Also removes its inline policies, detaches its managed ones and takes it out of instance profiles; without it a role that has any is left alone.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when removed. Throws <see cref="LabException"/> (NoSuchEntity, DeleteConflict).</returns>
    public Task RemoveAsync(string name, bool force, CancellationToken cancellation = default) => Removal.RunAsync(
        client, Subject(name), name, token => HoldersAsync(name, token),
        token => client.IamAsync("DeleteRole", Subject(name), name, token, ("RoleName", name)), force, cancellation);

    private static string Subject(string name) => $"Role '{name}'";

    private static string? Seconds(TimeSpan? time) => time is { } given ? ((int)given.TotalSeconds).ToString(CultureInfo.InvariantCulture) : null;

    private static async Task<List<string>> AttachedAsync(PolicyAttachmentStore attachments, string name, CancellationToken cancellation) =>
        await attachments.AttachedAsync(PrincipalKind.Role, name, cancellation).Select(policy => policy.PolicyArn!).ToListAsync(cancellation);

    // A trust policy may name a user or role that was created a moment ago.
    private async Task<XElement> SendTrustAsync(string name, PolicyDocument trust, Func<Task<XElement>> send, CancellationToken cancellation)
    {
        try
        {
            return await NewPrincipal.RetryAsync(
                client, e => e.Code == "MalformedPolicyDocument" && e.Message.Contains("principal", StringComparison.OrdinalIgnoreCase),
                NewPrincipal.In(trust), send, cancellation);
        }
        catch (LabException e) when (e.Code == "LimitExceeded")
        {
            throw PolicySize.Explain(e, $"The trust policy of role '{name}'", PolicySize.Of(trust), PolicySize.Trust, "Combine statements, or trust an account instead of each of its users.");
        }
    }

    private async IAsyncEnumerable<Holder> HoldersAsync(string name, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // A machine that is started meanwhile should not get a role that has lost its policies.
        InstanceProfileStore profiles = new(client);
        await foreach (string profile in profiles.NamesOfRoleAsync(name, cancellation))
        {
            yield return new($"a place in instance profile '{profile}'", token => profiles.RemoveRoleAsync(profile, name, token));
        }

        await foreach (Holder policy in new PolicyAttachmentStore(client).HoldersAsync(PrincipalKind.Role, name, cancellation))
        {
            yield return policy;
        }
    }

    private LabRole Read(
        XElement role, IReadOnlyList<LabPolicyAttachment>? policies, IReadOnlyList<string>? attached, TextDictionary tags, string? boundary = null) => new()
    {
        Name = role.Text("RoleName"),
        RoleArn = role.Text("Arn"),
        RoleId = role.Text("RoleId"),
        Path = role.OptionalText("Path") ?? "/",
        Description = role.OptionalText("Description"),
        CreateDate = role.Date("CreateDate"),
        MaxSessionDuration = role.Number("MaxSessionDuration") is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        LastUsed = role.Element("RoleLastUsed")?.Date("LastUsedDate"),
        TrustPolicy = IamXml.Document(role.OptionalText("AssumeRolePolicyDocument"), $"trust policy of role '{role.Text("RoleName")}'", client.Reporter),
        PermissionsBoundary = role.BoundaryArn() ?? boundary,
        Policies = policies,
        AttachedPolicies = attached,
        Tags = tags,
    };
}
