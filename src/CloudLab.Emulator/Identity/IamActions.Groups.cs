using System.Xml.Linq;

namespace CloudLab.Emulator.Identity;

/// <content>Groups and who is in them.</content>
internal static partial class IamActions
{
    private static object?[] CreateGroup(QueryCall call)
    {
        string name = call.Name("GroupName", maximum: 128), path = call.PathOf("Path");
        GroupRecord group = new() { Name = name, Path = path, Id = EmulatedAccount.NewId("AGPA"), Created = Now(call) };
        call.Authorize("iam:CreateGroup", group.Arn(call.Account.AccountId));
        if (!call.Account.State.Groups.TryAdd(name, group))
        {
            throw new QueryException(409, "EntityAlreadyExists", $"Group with name {name} already exists.");
        }

        call.Account.Save();
        return [GroupXml(call, group, "Group")];
    }

    private static object?[] GetGroup(QueryCall call)
    {
        GroupRecord group = Group(call, "GetGroup");
        (List<UserRecord> page, string? marker) = call.Page(call.Account.State.Users.Values.Where(user => group.Members.Contains(user.Id)), user => user.Name);
        return [GroupXml(call, group, "Group"), .. Members("Users", marker, page.Select(user => UserXml(call, user, "member")))];
    }

    private static object?[] DeleteGroup(QueryCall call)
    {
        GroupRecord group = Group(call, "DeleteGroup");
        if (group.Members.Count > 0)
        {
            throw Conflict("must remove users from group first");
        }

        RefuseWithPolicies(group);
        call.Account.State.Groups.Remove(group.Name);
        call.Account.Save();
        return [];
    }

    private static object?[] AddUserToGroup(QueryCall call)
    {
        GroupRecord group = Group(call, "AddUserToGroup");
        UserRecord user = UserNamed(call);
        if (!group.Members.Contains(user.Id) && call.Account.GroupsOf(user).Count() >= MaxGroupsPerUser)
        {
            throw new QueryException(409, "LimitExceeded", $"Cannot exceed quota for GroupsPerUser: {MaxGroupsPerUser}");
        }

        group.Members.Add(user.Id);
        call.Account.Save();
        return [];
    }

    private static object?[] RemoveUserFromGroup(QueryCall call)
    {
        GroupRecord group = Group(call, "RemoveUserFromGroup");
        UserRecord user = UserNamed(call);
        if (!group.Members.Remove(user.Id))
        {
            throw new QueryException(404, "NoSuchEntity", $"User {user.Name} is not in group {group.Name}.");
        }

        call.Account.Save();
        return [];
    }

    private static object?[] ListGroupsForUser(QueryCall call)
    {
        UserRecord user = User(call, "ListGroupsForUser", named: true);
        (List<GroupRecord> page, string? marker) = call.Page(call.Account.GroupsOf(user), group => group.Name);
        return Members("Groups", marker, page.Select(group => GroupXml(call, group, "member")));
    }

    private static GroupRecord Group(QueryCall call, string action)
    {
        string name = call.Name("GroupName", maximum: 128);
        GroupRecord? group = call.Account.State.Groups.GetValueOrDefault(name);
        call.Authorize("iam:" + action, group?.Arn(call.Account.AccountId) ?? $"arn:aws:iam::{call.Account.AccountId}:group/{name}");
        return group ?? throw QueryException.NoSuch("group", name);
    }

    private static XElement GroupXml(QueryCall call, GroupRecord group, string element) => new(element,
        new XElement("Path", group.Path),
        new XElement("GroupName", group.Name),
        new XElement("GroupId", group.Id),
        new XElement("Arn", group.Arn(call.Account.AccountId)),
        new XElement("CreateDate", Iso(group.Created)));
}
