using System.Runtime.CompilerServices;
using System.Xml.Linq;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.AccessKeys;
using CloudLab.Core.Identity.Attachments;

namespace CloudLab.Core.Identity.Principals;

/// <summary>The users of an account: list, look up, create, change, remove.</summary>
/// <param name="client">The services.</param>
public sealed class UserStore(IdentityClient client)
{
    /// <summary>Lists users by name, page by page.</summary>
    /// <param name="pathPrefix">Beginning of their paths, or null for all.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Users, without tags, groups and keys.</returns>
    public async IAsyncEnumerable<LabUser> ListAsync(
        string? pathPrefix = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (XElement user in client.IamListAsync("ListUsers", "Users", null, cancellation, ("PathPrefix", pathPrefix)))
        {
            yield return Read(user, IamXml.ReadTags(user.Element("Tags")));
        }
    }

    /// <summary>Looks one user up, with its tags.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The user. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public async Task<LabUser> GetAsync(string name, CancellationToken cancellation = default)
    {
        XElement user = await client.IamItemAsync("GetUser", Subject(name), name, cancellation, ("UserName", name));
        return Read(user, await client.IamTagsAsync("ListUserTags", Subject(name), user, cancellation, ("UserName", name)));
    }

    /// <summary>Adds groups and keys to a user, as far as they are asked for.</summary>
    /// <param name="user">The user.</param>
    /// <param name="groups">Whether to ask for its groups.</param>
    /// <param name="keys">Whether to ask for its access keys.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The user with them. Throws <see cref="LabException"/>.</returns>
    public async Task<LabUser> CompleteAsync(LabUser user, bool groups, bool keys, CancellationToken cancellation = default)
    {
        Task<List<string>> itsGroups = groups ? GroupsAsync(user.Name, cancellation) : Task.FromResult<List<string>>([]);
        Task<List<LabAccessKey>> itsKeys = keys ? new AccessKeyStore(client).ListAsync(user.Name, cancellation).ToListAsync(cancellation).AsTask() : Task.FromResult<List<LabAccessKey>>([]);
        await Task.WhenAll(itsGroups, itsKeys);
        return new LabUser
        {
            Name = user.Name,
            UserArn = user.UserArn,
            UserId = user.UserId,
            Path = user.Path,
            CreateDate = user.CreateDate,
            PasswordLastUsed = user.PasswordLastUsed,
            PermissionsBoundary = user.PermissionsBoundary,
            Tags = user.Tags,
            Groups = groups ? itsGroups.Result : null,
            AccessKeys = keys ? itsKeys.Result : null,
        };
    }

    /// <summary>Creates a user and adds it to its groups: all of it, or nothing.</summary>
    /// <param name="user">What to create.</param>
    /// <param name="cancellation">Cancels the requests; what is already created is removed again.</param>
    /// <returns>The user. Throws <see cref="LabException"/> (EntityAlreadyExists).</returns>
    public async Task<LabUser> CreateAsync(NewUser user, CancellationToken cancellation = default)
    {
        XElement created = await Finishing.RunAsync(
            token => client.IamItemAsync(
                "CreateUser", Subject(user.Name), user.Name, token,
                [("UserName", user.Name), ("Path", user.Path), ("PermissionsBoundary", user.PermissionsBoundary), .. IamXml.TagParameters(user.Tags)]),
            cancellation);
        try
        {
            foreach (string group in user.Groups)
            {
                cancellation.ThrowIfCancellationRequested();
                await Finishing.RunAsync(token => new GroupStore(client).AddMemberAsync(group, user.Name, token), cancellation);
            }

            cancellation.ThrowIfCancellationRequested();
        }
        catch (Exception e) when (e is LabException or OperationCanceledException)
        {
            await Undoing.RunAsync(
                client, Subject(user.Name), user.Name, "UserHalfMade", "could not be added to its groups", "Remove-LabUser -Force", e,
                token => RemoveAsync(user.Name, force: true, token));
            throw;
        }

        return Read(created, TextDictionary.Of(user.Tags), user.PermissionsBoundary, user.Groups.Count == 0 ? null : user.Groups);
    }

    /// <summary>Changes a user.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="change">What to change.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when changed. Throws <see cref="LabException"/> (NoSuchEntity, EntityAlreadyExists), which says what was changed before.</returns>
    public Task ChangeAsync(string name, IdentityChange change, CancellationToken cancellation = default)
    {
        List<(string, Func<Task>)> steps = [];
        if (change.Tags is { } tags)
        {
            steps.Add(("the tags", async () =>
                await IdentityChanges.TagAsync(client, "User", Subject(name), name, (await GetAsync(name, cancellation)).Tags, tags, cancellation)));
        }

        if (change.PermissionsBoundary is { } boundary)
        {
            steps.Add(("the permissions boundary", () => IdentityChanges.BoundAsync(client, "User", Subject(name), name, boundary, cancellation)));
        }

        if (change.NewName is not null || change.NewPath is not null)
        {
            steps.Add((change.NewName is null ? "the path" : change.NewPath is null ? "the name" : "the name and path", () => client.IamAsync(
                "UpdateUser", Subject(name), name, cancellation, ("UserName", name), ("NewUserName", change.NewName), ("NewPath", change.NewPath))));
        }

        return IdentityChanges.RunAsync(client, Subject(name), steps);
    }

    /// <summary>Looks a user up that was changed.</summary>
    /// <param name="name">Its name now.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The user. Throws <see cref="LabException"/>, which says that the change was made.</returns>
    public Task<LabUser> ReadBackAsync(string name, CancellationToken cancellation = default) =>
        IdentityChanges.ReadBackAsync(Subject(name), () => GetAsync(name, cancellation));

    /// <summary>Removes a user.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="force">Also removes its access keys, password, MFA devices and inline policies, detaches its managed ones and takes it out of its groups.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when removed. Throws <see cref="LabException"/> (NoSuchEntity, DeleteConflict).</returns>
    public Task RemoveAsync(string name, bool force, CancellationToken cancellation = default) => Removal.RunAsync(
        client, Subject(name), name, token => HoldersAsync(name, token),
        token => client.IamAsync("DeleteUser", Subject(name), name, token, ("UserName", name)), force, cancellation);

    /// <summary>Names of a user's groups.</summary>
    /// <param name="name">The user.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The groups. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    internal async Task<List<string>> GroupsAsync(string name, CancellationToken cancellation) =>
        await client.IamOptionalListAsync("ListGroupsForUser", Subject(name), name, cancellation, ("UserName", name))
            .Select(group => group.Text("GroupName")).ToListAsync(cancellation);

    private static string Subject(string name) => $"User '{name}'";

    private static LabUser Read(XElement user, TextDictionary tags, string? boundary = null, IReadOnlyList<string>? groups = null) => new()
    {
        Name = user.Text("UserName"),
        UserArn = user.Text("Arn"),
        UserId = user.Text("UserId"),
        Path = user.OptionalText("Path") ?? "/",
        CreateDate = user.Date("CreateDate"),
        PasswordLastUsed = user.Date("PasswordLastUsed"),
        PermissionsBoundary = user.BoundaryArn() ?? boundary,
        Tags = tags,
        Groups = groups,
    };

    private async IAsyncEnumerable<Holder> HoldersAsync(string name, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (LabAccessKey key in new AccessKeyStore(client).ListAsync(name, cancellation))
        {
            yield return new($"access key {key.AccessKeyId}", token => new AccessKeyStore(client).RemoveAsync(name, key.AccessKeyId, token));
        }

        if (await HasPasswordAsync(name, cancellation))
        {
            yield return new("a password", token => client.IamAsync("DeleteLoginProfile", Subject(name), name, token, ("UserName", name)));
        }

        await foreach (XElement device in client.IamOptionalListAsync("ListMFADevices", Subject(name), name, cancellation, ("UserName", name)))
        {
            string serial = device.Text("SerialNumber");
            yield return new($"MFA device {serial}", token => client.IamAsync(
                "DeactivateMFADevice", Subject(name), name, token, ("UserName", name), ("SerialNumber", serial)));
        }

        await foreach (Holder policy in new PolicyAttachmentStore(client).HoldersAsync(PrincipalKind.User, name, cancellation))
        {
            yield return policy;
        }

        foreach (string group in await GroupsAsync(name, cancellation))
        {
            yield return new($"a membership of group '{group}'", token => new GroupStore(client).RemoveMemberAsync(group, name, token));
        }
    }

    private async Task<bool> HasPasswordAsync(string name, CancellationToken cancellation)
    {
        try
        {
            await client.IamAsync("GetLoginProfile", Subject(name), name, cancellation, ("UserName", name));
            return true;
        }
        catch (LabException e) when (e.Kind is LabErrorKind.NotFound or LabErrorKind.NotSupported)
        {
            return false;
        }
    }
}
