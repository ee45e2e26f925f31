using System.Xml.Linq;

namespace CloudLab.Emulator.Identity;

/// <content>Users and their access keys.</content>
internal static partial class IamActions
{
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

    // An action on a group is authorized on the group; its user only has to exist.
    private static UserRecord UserNamed(QueryCall call) =>
        call.Name("UserName") is var name && call.Account.State.Users.TryGetValue(name, out UserRecord? user) ? user : throw QueryException.NoSuch("user", name);

    private static UserKeyRecord UserKey(QueryCall call, UserRecord user)
    {
        string id = call.Required("AccessKeyId");
        return user.Keys.Find(key => key.Id == id)
            ?? throw new QueryException(404, "NoSuchEntity", $"The Access Key with id {id} cannot be found.");
    }

    private static XElement UserXml(QueryCall call, UserRecord user, string element) => new(element,
        new XElement("Path", user.Path),
        new XElement("UserName", user.Name),
        new XElement("UserId", user.Id),
        new XElement("Arn", user.Arn(call.Account.AccountId)),
        new XElement("CreateDate", Iso(user.Created)),
        element == "member" || user.Boundary is null ? null : BoundaryXml(user.Boundary),
        element == "member" || user.Tags.Count == 0 ? null : new XElement("Tags", TagXml(user.Tags)));
}
