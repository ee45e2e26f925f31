using System.Globalization;
using System.Xml.Linq;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Emulator.Identity;

/// <summary>The actions of IAM that the emulator has.</summary>
internal static partial class IamActions
{
    // Quotas of the IAM User Guide: characters of a policy, white space not counted.
    private const int MaxTrust = 2048;
    private const int MaxUserPolicies = 2048;
    private const int MaxGroupPolicies = 5120;
    private const int MaxRolePolicies = 10240;
    private const int MaxGroupsPerUser = 10;

    /// <summary>Actions by name.</summary>
    public static IReadOnlyDictionary<string, QueryAction> All { get; } = new Dictionary<string, QueryAction>(
        Principals().Concat(PolicyActions()).Concat(ProfileActions()), StringComparer.Ordinal);

    private static Dictionary<string, QueryAction> Principals() => new()
    {
        ["CreateUser"] = CreateUser,
        ["GetUser"] = GetUser,
        ["ListUsers"] = call => List(call, "user", "Users", call.Account.State.Users.Values, user => UserXml(call, user, "member")),
        ["DeleteUser"] = DeleteUser,
        ["CreateAccessKey"] = CreateAccessKey,
        ["ListAccessKeys"] = ListAccessKeys,
        ["UpdateAccessKey"] = UpdateAccessKey,
        ["DeleteAccessKey"] = DeleteAccessKey,
        ["CreateRole"] = CreateRole,
        ["GetRole"] = call => [RoleXml(call, Role(call, "GetRole"), "Role")],
        ["ListRoles"] = call => List(call, "role", "Roles", call.Account.State.Roles.Values, role => RoleXml(call, role, "member", withTags: false)),
        ["DeleteRole"] = DeleteRole,
        ["UpdateRole"] = UpdateRole,
        ["UpdateAssumeRolePolicy"] = UpdateAssumeRolePolicy,
        ["PutRolePolicy"] = call => PutPolicy(call, Role(call, "PutRolePolicy"), MaxRolePolicies),
        ["GetRolePolicy"] = call => GetPolicy(call, Role(call, "GetRolePolicy")),
        ["ListRolePolicies"] = call => ListPolicies(call, Role(call, "ListRolePolicies")),
        ["DeleteRolePolicy"] = call => DeletePolicy(call, Role(call, "DeleteRolePolicy")),
        ["PutUserPolicy"] = call => PutPolicy(call, User(call, "PutUserPolicy"), MaxUserPolicies),
        ["GetUserPolicy"] = call => GetPolicy(call, User(call, "GetUserPolicy")),
        ["ListUserPolicies"] = call => ListPolicies(call, User(call, "ListUserPolicies")),
        ["DeleteUserPolicy"] = call => DeletePolicy(call, User(call, "DeleteUserPolicy")),
        ["TagRole"] = call => Tag(call, Role(call, "TagRole")),
        ["UntagRole"] = call => Untag(call, Role(call, "UntagRole")),
        ["ListRoleTags"] = call => ListTags(call, Role(call, "ListRoleTags")),
        ["TagUser"] = call => Tag(call, User(call, "TagUser")),
        ["UntagUser"] = call => Untag(call, User(call, "UntagUser")),
        ["ListUserTags"] = call => ListTags(call, User(call, "ListUserTags")),
        ["CreateVirtualMFADevice"] = MfaActions.Create,
        ["EnableMFADevice"] = MfaActions.Enable,
        ["DeactivateMFADevice"] = MfaActions.Deactivate,
        ["DeleteVirtualMFADevice"] = MfaActions.Delete,
        ["ListMFADevices"] = MfaActions.List,
        ["UpdateUser"] = UpdateUser,
        ["GetLoginProfile"] = call => throw QueryException.NoSuch("login profile for user", User(call, "GetLoginProfile", named: true).Name),
        ["GetAccessKeyLastUsed"] = GetAccessKeyLastUsed,
        ["CreateGroup"] = CreateGroup,
        ["GetGroup"] = GetGroup,
        ["ListGroups"] = call => List(call, "group", "Groups", call.Account.State.Groups.Values, group => GroupXml(call, group, "member")),
        ["DeleteGroup"] = DeleteGroup,
        ["AddUserToGroup"] = AddUserToGroup,
        ["RemoveUserFromGroup"] = RemoveUserFromGroup,
        ["ListGroupsForUser"] = ListGroupsForUser,
        ["PutGroupPolicy"] = call => PutPolicy(call, Group(call, "PutGroupPolicy"), MaxGroupPolicies),
        ["GetGroupPolicy"] = call => GetPolicy(call, Group(call, "GetGroupPolicy")),
        ["ListGroupPolicies"] = call => ListPolicies(call, Group(call, "ListGroupPolicies")),
        ["DeleteGroupPolicy"] = call => DeletePolicy(call, Group(call, "DeleteGroupPolicy")),
    };

    private static object?[] CreateUser(QueryCall call)
    {
        string name = call.Name("UserName"), path = call.PathOf("Path");
        UserRecord user = new()
        {
            Name = name,
            Path = path,
            Id = EmulatedAccount.NewId("AIDA"),
            Created = Now(call),
            Tags = call.Tags(),
            Boundary = Boundary(call),
        };
        call.Authorize("iam:CreateUser", user.Arn(call.Account.AccountId));
        if (!call.Account.State.Users.TryAdd(name, user))
        {
            throw new QueryException(409, "EntityAlreadyExists", $"User with name {name} already exists.");
        }

        call.Account.Save();
        return [UserXml(call, user, "User")];
    }

    private static object?[] GetUser(QueryCall call)
    {
        if (call.Optional("UserName") is null && call.Caller.Kind == PrincipalKind.Root)
        {
            return [new XElement("User",
                new XElement("UserId", call.Account.AccountId),
                new XElement("Arn", call.Caller.Arn),
                new XElement("CreateDate", Iso(DateTimeOffset.UnixEpoch)))];
        }

        return [UserXml(call, User(call, "GetUser"), "User")];
    }

    private static object?[] DeleteUser(QueryCall call)
    {
        UserRecord user = User(call, "DeleteUser", named: true);
        if (user.Keys.Count > 0)
        {
            throw Conflict("must remove access keys first");
        }

        RefuseWithPolicies(user);
        if (call.Account.GroupsOf(user).Any())
        {
            throw Conflict("must remove users from group first");
        }

        if (call.Account.State.MfaDevices.Values.Any(device => device.UserName == user.Name))
        {
            throw Conflict("must deactivate MFA device first");
        }

        call.Account.State.Users.Remove(user.Name);
        ForgetPrincipal(call, user);
        call.Account.Save();
        return [];
    }

    private static object?[] UpdateUser(QueryCall call)
    {
        UserRecord user = User(call, "UpdateUser", named: true);
        AccountState state = call.Account.State;
        string arnBefore = user.Arn(call.Account.AccountId), nameBefore = user.Name;
        string name = call.Optional("NewUserName") is null ? nameBefore : call.Name("NewUserName");
        string path = call.Optional("NewPath") is null ? user.Path : call.PathOf("NewPath");
        if (!string.Equals(name, nameBefore, StringComparison.OrdinalIgnoreCase) && state.Users.ContainsKey(name))
        {
            throw new QueryException(409, "EntityAlreadyExists", $"User with name {name} already exists.");
        }

        // Keys and policies are the record's own, and groups know its id; the others know its name.
        state.Users.Remove(nameBefore);
        (user.Name, user.Path) = (name, path);
        state.Users.Add(name, user);
        foreach (MfaDeviceRecord device in state.MfaDevices.Values.Where(device => device.UserName == nameBefore))
        {
            device.UserName = name;
        }

        foreach (SessionRecord session in state.Sessions.Values.Where(session => session.OwnerId == user.Id))
        {
            session.OwnerName = name;
        }

        ReplacePrincipal(call, arnBefore, user.Arn(call.Account.AccountId));
        call.Account.Save();
        return [];
    }

    private static object?[] GetAccessKeyLastUsed(QueryCall call)
    {
        string id = call.Required("AccessKeyId");
        UserRecord? user = call.Account.State.Users.Values.FirstOrDefault(owner => owner.Keys.Exists(key => key.Id == id));
        call.Authorize("iam:GetAccessKeyLastUsed", user?.Arn(call.Account.AccountId) ?? "*");
        KeyUse? used = (user ?? throw new QueryException(403, "AccessDenied", $"The access key {id} is not one of this account.")).Keys.Find(key => key.Id == id)!.Used;
        return
        [
            new XElement("UserName", user.Name),
            new XElement("AccessKeyLastUsed",
                used is null ? null : new XElement("LastUsedDate", Iso(used.Time)),
                new XElement("ServiceName", used?.Service ?? "N/A"),
                new XElement("Region", used?.Region ?? "N/A")),
        ];
    }

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

    private static object?[] CreateAccessKey(QueryCall call)
    {
        UserRecord user = User(call, "CreateAccessKey");
        if (user.Keys.Count >= 2)
        {
            throw new QueryException(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2");
        }

        UserKeyRecord key = new() { Id = EmulatedAccount.NewId("AKIA"), Secret = EmulatedAccount.NewSecret(), Created = Now(call) };
        user.Keys.Add(key);
        call.Account.Save();
        return [new XElement("AccessKey",
            new XElement("UserName", user.Name),
            new XElement("AccessKeyId", key.Id),
            new XElement("Status", "Active"),
            new XElement("SecretAccessKey", key.Secret),
            new XElement("CreateDate", Iso(key.Created)))];
    }

    private static object?[] ListAccessKeys(QueryCall call)
    {
        UserRecord user = User(call, "ListAccessKeys");
        (List<UserKeyRecord> page, string? marker) = call.Page(user.Keys.OrderBy(key => key.Id, StringComparer.Ordinal), key => key.Id);
        return [new XElement("UserName", user.Name), .. Members("AccessKeyMetadata", marker, page.Select(key => new XElement("member",
            new XElement("UserName", user.Name),
            new XElement("AccessKeyId", key.Id),
            new XElement("Status", key.Active ? "Active" : "Inactive"),
            new XElement("CreateDate", Iso(key.Created)))))];
    }

    private static object?[] UpdateAccessKey(QueryCall call)
    {
        UserKeyRecord key = UserKey(call, User(call, "UpdateAccessKey"));
        key.Active = call.Required("Status") switch
        {
            "Active" => true,
            "Inactive" => false,
            string other => throw QueryException.Invalid($"1 validation error detected: Value '{other}' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]"),
        };
        call.Account.Save();
        return [];
    }

    private static object?[] DeleteAccessKey(QueryCall call)
    {
        UserRecord user = User(call, "DeleteAccessKey");
        user.Keys.Remove(UserKey(call, user));
        call.Account.Save();
        return [];
    }

    private static object?[] CreateRole(QueryCall call)
    {
        string name = call.Name("RoleName"), path = call.PathOf("Path");
        RoleRecord role = new()
        {
            Name = name,
            Path = path,
            Id = EmulatedAccount.NewId("AROA"),
            Created = Now(call),
            Trust = Trust(call, "AssumeRolePolicyDocument"),
            Description = Description(call),
            MaxSessionSeconds = call.Number("MaxSessionDuration", 3600, 43200, 3600),
            Tags = call.Tags(),
            Boundary = Boundary(call),
        };
        call.Authorize("iam:CreateRole", role.Arn(call.Account.AccountId));
        if (!call.Account.State.Roles.TryAdd(name, role))
        {
            throw new QueryException(409, "EntityAlreadyExists", $"Role with name {name} already exists.");
        }

        call.Account.Save();
        return [RoleXml(call, role, "Role")];
    }

    private static object?[] DeleteRole(QueryCall call)
    {
        RoleRecord role = Role(call, "DeleteRole");
        if (call.Account.State.InstanceProfiles.Values.Any(profile => profile.Role == role.Name))
        {
            throw Conflict("must remove roles from instance profile first");
        }

        RefuseWithPolicies(role);
        call.Account.State.Roles.Remove(role.Name);
        ForgetPrincipal(call, role);
        call.Account.Save();
        return [];
    }

    private static object?[] UpdateRole(QueryCall call)
    {
        RoleRecord role = Role(call, "UpdateRole");
        role.Description = Description(call) ?? role.Description;
        role.MaxSessionSeconds = call.Number("MaxSessionDuration", 3600, 43200, role.MaxSessionSeconds);
        call.Account.Save();
        return [""];
    }

    private static object?[] UpdateAssumeRolePolicy(QueryCall call)
    {
        RoleRecord role = Role(call, "UpdateAssumeRolePolicy");
        role.Trust = Trust(call, "PolicyDocument");
        call.Account.Save();
        return [];
    }

    private static object?[] PutPolicy(QueryCall call, IdentityRecord owner, int maximum)
    {
        string name = call.Name("PolicyName", maximum: 128);
        StoredPolicy policy = call.Policy("PolicyDocument", PolicyKind.Identity, maximum);
        int total = owner.Policies.Where(other => other.Key != name).Select(other => other.Value)
            .Append(policy).Sum(each => each.Document.ToJson(indented: false).Length);
        if (total > maximum)
        {
            throw new QueryException(409, "LimitExceeded", $"Maximum policy size of {maximum} bytes exceeded for {owner.Kind} {owner.Name}");
        }

        owner.Policies[name] = policy;
        call.Account.Save();
        return [];
    }

    private static object?[] GetPolicy(QueryCall call, IdentityRecord owner)
    {
        string name = call.Name("PolicyName", maximum: 128);
        return owner.Policies.TryGetValue(name, out StoredPolicy? policy)
            ? [
                new XElement(NameOf(owner), owner.Name),
                new XElement("PolicyName", name),
                new XElement("PolicyDocument", Http.UrlText.Encode(policy.Text)),
            ]
            : throw QueryException.NoSuch($"{owner.Kind} policy", name);
    }

    private static object?[] ListPolicies(QueryCall call, IdentityRecord owner)
    {
        (List<string> page, string? marker) = call.Page(owner.Policies.Keys, name => name);
        return Members("PolicyNames", marker, page.Select(name => new XElement("member", name)));
    }

    private static object?[] DeletePolicy(QueryCall call, IdentityRecord owner)
    {
        string name = call.Name("PolicyName", maximum: 128);
        if (!owner.Policies.Remove(name))
        {
            throw QueryException.NoSuch($"{owner.Kind} policy", name);
        }

        call.Account.Save();
        return [];
    }

    private static object?[] Tag(QueryCall call, EntityRecord owner)
    {
        SortedDictionary<string, string> added = call.Tags();
        if (owner.Tags.Keys.Union(added.Keys, StringComparer.OrdinalIgnoreCase).Count() > 50)
        {
            throw new QueryException(409, "LimitExceeded", "The number of tags has reached the maximum limit.");
        }

        foreach ((string key, string value) in added)
        {
            owner.Tags[key] = value;
        }

        call.Account.Save();
        return [];
    }

    private static object?[] Untag(QueryCall call, EntityRecord owner)
    {
        for (int i = 1; call.Optional($"TagKeys.member.{i}") is { } key; i++)
        {
            owner.Tags.Remove(key);
        }

        call.Account.Save();
        return [];
    }

    private static object?[] ListTags(QueryCall call, EntityRecord owner)
    {
        (List<KeyValuePair<string, string>> page, string? marker) = call.Page(owner.Tags, tag => tag.Key);
        return Members("Tags", marker, TagXml(page));
    }

    private static object?[] List<T>(QueryCall call, string kind, string element, IEnumerable<T> all, Func<T, XElement> xml)
        where T : EntityRecord
    {
        string prefix = call.PathOf("PathPrefix");
        call.Authorize($"iam:List{element}", $"arn:aws:iam::{call.Account.AccountId}:{kind}{prefix}");
        (List<T> page, string? marker) = call.Page(
            all.Where(item => item.Path.StartsWith(prefix, StringComparison.Ordinal)), item => item.Name);
        return Members(element, marker, page.Select(xml));
    }

    private static object?[] Members(string element, string? marker, IEnumerable<XElement> members) =>
    [
        new XElement(element, members),
        new XElement("IsTruncated", marker is not null),
        marker is null ? null : new XElement("Marker", marker),
    ];

    private static UserRecord User(QueryCall call, string action, bool named = false)
    {
        string name = call.Optional("UserName") is null && !named
            ? call.Caller.Kind == PrincipalKind.User
                ? call.Caller.Arn[(call.Caller.Arn.LastIndexOf('/') + 1)..]
                : throw QueryException.Invalid("Must specify userName when calling with non-User credentials")
            : call.Name("UserName");
        UserRecord? user = call.Account.State.Users.GetValueOrDefault(name);
        call.Authorize("iam:" + action, user?.Arn(call.Account.AccountId) ?? $"arn:aws:iam::{call.Account.AccountId}:user/{name}");
        return user ?? throw QueryException.NoSuch("user", name);
    }

    private static GroupRecord Group(QueryCall call, string action)
    {
        string name = call.Name("GroupName", maximum: 128);
        GroupRecord? group = call.Account.State.Groups.GetValueOrDefault(name);
        call.Authorize("iam:" + action, group?.Arn(call.Account.AccountId) ?? $"arn:aws:iam::{call.Account.AccountId}:group/{name}");
        return group ?? throw QueryException.NoSuch("group", name);
    }

    // An action on a group is authorized on the group; its user only has to exist.
    private static UserRecord UserNamed(QueryCall call) =>
        call.Name("UserName") is var name && call.Account.State.Users.TryGetValue(name, out UserRecord? user) ? user : throw QueryException.NoSuch("user", name);

    private static void RefuseWithPolicies(IdentityRecord identity)
    {
        if (identity.Attached.Count > 0)
        {
            throw Conflict("must detach all policies first");
        }

        if (identity.Policies.Count > 0)
        {
            throw Conflict("must delete policies first");
        }
    }

    // What is left of a principal in the trust policies that name it is its unique id, so that nobody who gets its name gets its rights.
    private static void ForgetPrincipal(QueryCall call, IdentityRecord principal) => ReplacePrincipal(call, principal.Arn(call.Account.AccountId), principal.Id);

    private static void ReplacePrincipal(QueryCall call, string arn, string by)
    {
        foreach (RoleRecord role in call.Account.State.Roles.Values.Where(role => role.Trust.Text.Contains($"\"{arn}\"", StringComparison.Ordinal)))
        {
            role.Trust = new StoredPolicy(role.Trust.Text.Replace($"\"{arn}\"", $"\"{by}\"", StringComparison.Ordinal));
        }
    }

    private static string NameOf(IdentityRecord owner) => owner switch { RoleRecord => "RoleName", GroupRecord => "GroupName", _ => "UserName" };

    private static RoleRecord Role(QueryCall call, string action)
    {
        string name = call.Name("RoleName");
        RoleRecord? role = call.Account.State.Roles.GetValueOrDefault(name);
        call.Authorize("iam:" + action, role?.Arn(call.Account.AccountId) ?? $"arn:aws:iam::{call.Account.AccountId}:role/{name}");
        return role ?? throw QueryException.NoSuch("role", name);
    }

    private static UserKeyRecord UserKey(QueryCall call, UserRecord user)
    {
        string id = call.Required("AccessKeyId");
        return user.Keys.Find(key => key.Id == id)
            ?? throw new QueryException(404, "NoSuchEntity", $"The Access Key with id {id} cannot be found.");
    }

    private static StoredPolicy Trust(QueryCall call, string parameter)
    {
        StoredPolicy policy = call.Policy(parameter, PolicyKind.Trust, MaxTrust);
        foreach (string arn in policy.Document.Statement.SelectMany(statement => (statement.Principal ?? statement.NotPrincipal)?.AWS ?? []))
        {
            if (!Exists(call, arn))
            {
                throw new QueryException(400, "MalformedPolicyDocument", $"Invalid principal in policy: \"AWS\":\"{arn}\"");
            }
        }

        return policy;
    }

    // IAM knows its own account's users and roles, and refuses to trust one that is not there.
    private static bool Exists(QueryCall call, string principal)
    {
        string account = call.Account.AccountId;
        if (principal == "*" || (principal.Length == 12 && principal.All(char.IsAsciiDigit)))
        {
            return true;
        }

        if (principal.Split(':', 6) is not ["arn", _, "iam" or "sts", "", var owner, var resource])
        {
            return false;
        }

        return owner != account || resource == "root" || resource.StartsWith("assumed-role/", StringComparison.Ordinal)
            || call.Account.State.Users.Values.Any(user => user.Arn(account) == principal)
            || call.Account.State.Roles.Values.Any(role => role.Arn(account) == principal);
    }

    private static string? Description(QueryCall call)
    {
        string? text = call.Optional("Description");
        return text is null || (text.Length <= 1000 && text.All(c => c is '\t' or '\n' or '\r' or (>= ' ' and <= '~') or (>= '\u00A1' and <= '\u00FF')))
            ? text
            : throw QueryException.Invalid("1 validation error detected: Value at 'description' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*, of up to 1000 characters");
    }

    private static XElement UserXml(QueryCall call, UserRecord user, string element) => new(element,
        new XElement("Path", user.Path),
        new XElement("UserName", user.Name),
        new XElement("UserId", user.Id),
        new XElement("Arn", user.Arn(call.Account.AccountId)),
        new XElement("CreateDate", Iso(user.Created)),
        element == "member" || user.Boundary is null ? null : BoundaryXml(user.Boundary),
        element == "member" || user.Tags.Count == 0 ? null : new XElement("Tags", TagXml(user.Tags)));

    private static XElement GroupXml(QueryCall call, GroupRecord group, string element) => new(element,
        new XElement("Path", group.Path),
        new XElement("GroupName", group.Name),
        new XElement("GroupId", group.Id),
        new XElement("Arn", group.Arn(call.Account.AccountId)),
        new XElement("CreateDate", Iso(group.Created)));

    private static XElement BoundaryXml(string arn) => new("PermissionsBoundary",
        new XElement("PermissionsBoundaryType", "Policy"),
        new XElement("PermissionsBoundaryArn", arn));

    private static XElement RoleXml(QueryCall call, RoleRecord role, string element, bool withTags = true) => new(element,
        new XElement("Path", role.Path),
        new XElement("RoleName", role.Name),
        new XElement("RoleId", role.Id),
        new XElement("Arn", role.Arn(call.Account.AccountId)),
        new XElement("CreateDate", Iso(role.Created)),
        new XElement("AssumeRolePolicyDocument", Http.UrlText.Encode(role.Trust.Text)),
        role.Description is null ? null : new XElement("Description", role.Description),
        new XElement("MaxSessionDuration", role.MaxSessionSeconds),
        withTags && role.Boundary is not null ? BoundaryXml(role.Boundary) : null,
        withTags && role.Used is { } used ? new XElement("RoleLastUsed", new XElement("LastUsedDate", Iso(used.Time)), new XElement("Region", used.Region)) : null,
        withTags && role.Tags.Count > 0 ? new XElement("Tags", TagXml(role.Tags)) : null);

    private static IEnumerable<XElement> TagXml(IEnumerable<KeyValuePair<string, string>> tags) =>
        tags.Select(tag => new XElement("member", new XElement("Key", tag.Key), new XElement("Value", tag.Value)));

    private static QueryException Conflict(string why) => new(409, "DeleteConflict", $"Cannot delete entity, {why}.");

    // IAM's times have whole seconds.
    private static DateTimeOffset Now(QueryCall call) => DateTimeOffset.FromUnixTimeSeconds(call.Account.Clock.GetUtcNow().ToUnixTimeSeconds());

    private static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
