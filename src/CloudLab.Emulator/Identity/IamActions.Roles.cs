using System.Xml.Linq;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Emulator.Identity;

/// <content>Roles and whom they trust.</content>
internal static partial class IamActions
{
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

    private static RoleRecord Role(QueryCall call, string action)
    {
        string name = call.Name("RoleName");
        RoleRecord? role = call.Account.State.Roles.GetValueOrDefault(name);
        call.Authorize("iam:" + action, role?.Arn(call.Account.AccountId) ?? $"arn:aws:iam::{call.Account.AccountId}:role/{name}");
        return role ?? throw QueryException.NoSuch("role", name);
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
}
