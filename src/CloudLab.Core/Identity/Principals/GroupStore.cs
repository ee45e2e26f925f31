using System.Runtime.CompilerServices;
using System.Xml.Linq;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Attachments;

namespace CloudLab.Core.Identity.Principals;

/// <summary>The groups of an account and who is in them.</summary>
/// <param name="client">The services.</param>
public sealed class GroupStore(IdentityClient client)
{
    /// <summary>Lists groups by name, page by page.</summary>
    /// <param name="pathPrefix">Beginning of their paths, or null for all.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Groups.</returns>
    public async IAsyncEnumerable<LabGroup> ListAsync(
        string? pathPrefix = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (XElement group in client.IamListAsync("ListGroups", "Groups", null, cancellation, ("PathPrefix", pathPrefix)))
        {
            yield return Read(group);
        }
    }

    /// <summary>Looks one group up.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The group. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public async Task<LabGroup> GetAsync(string name, CancellationToken cancellation = default) =>
        Read((await client.IamAsync("GetGroup", Subject(name), name, cancellation, ("GroupName", name), ("MaxItems", "1"))).Element("Group")
            ?? throw new LabException(LabErrorKind.ServiceFailed, "InvalidResponse", $"{Subject(name)}: the response to GetGroup contains no group.") { Target = name });

    /// <summary>Creates a group.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="path">Path, from slash to slash, or null.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The group. Throws <see cref="LabException"/> (EntityAlreadyExists).</returns>
    public async Task<LabGroup> CreateAsync(string name, string? path, CancellationToken cancellation = default) =>
        Read(await client.IamItemAsync("CreateGroup", Subject(name), name, cancellation, ("GroupName", name), ("Path", path)));

    /// <summary>Removes a group.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="force">Also takes its users out, removes its inline policies and detaches its managed ones.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when removed. Throws <see cref="LabException"/> (NoSuchEntity, DeleteConflict).</returns>
    public Task RemoveAsync(string name, bool force, CancellationToken cancellation = default) => Removal.RunAsync(
        client, Subject(name), name, token => HoldersAsync(name, token),
        token => client.IamAsync("DeleteGroup", Subject(name), name, token, ("GroupName", name)), force, cancellation);

    /// <summary>Lists the users of a group, page by page.</summary>
    /// <param name="name">The group.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Memberships. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public async IAsyncEnumerable<LabGroupMember> MembersAsync(string name, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (XElement user in client.IamListAsync("GetGroup", Subject(name), name, cancellation, ("GroupName", name)))
        {
            yield return new LabGroupMember(name, user.Text("UserName"));
        }
    }

    /// <summary>Lists the groups of a user, page by page.</summary>
    /// <param name="user">The user.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Memberships. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public async IAsyncEnumerable<LabGroupMember> GroupsOfAsync(string user, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (XElement group in client.IamListAsync("ListGroupsForUser", $"User '{user}'", user, cancellation, ("UserName", user)))
        {
            yield return new LabGroupMember(group.Text("GroupName"), user);
        }
    }

    /// <summary>Adds a user to a group; one that is in it already stays in it.</summary>
    /// <param name="group">The group.</param>
    /// <param name="user">The user.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when added. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public Task AddMemberAsync(string group, string user, CancellationToken cancellation = default) =>
        client.IamAsync("AddUserToGroup", $"User '{user}' and group '{group}'", user, cancellation, ("GroupName", group), ("UserName", user));

    /// <summary>Takes a user out of a group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="user">The user.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when removed. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public Task RemoveMemberAsync(string group, string user, CancellationToken cancellation = default) =>
        client.IamAsync("RemoveUserFromGroup", $"User '{user}' and group '{group}'", user, cancellation, ("GroupName", group), ("UserName", user));

    private static string Subject(string name) => $"Group '{name}'";

    private static LabGroup Read(XElement group) => new()
    {
        Name = group.Text("GroupName"),
        GroupArn = group.Text("Arn"),
        GroupId = group.Text("GroupId"),
        Path = group.OptionalText("Path") ?? "/",
        CreateDate = group.Date("CreateDate"),
    };

    private async IAsyncEnumerable<Holder> HoldersAsync(string name, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (LabGroupMember member in MembersAsync(name, cancellation))
        {
            yield return new($"user '{member.UserName}'", token => RemoveMemberAsync(name, member.UserName, token));
        }

        await foreach (Holder policy in new PolicyAttachmentStore(client).HoldersAsync(PrincipalKind.Group, name, cancellation))
        {
            yield return policy;
        }
    }
}
