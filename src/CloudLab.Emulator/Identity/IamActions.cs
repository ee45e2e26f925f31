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

    private static string? Description(QueryCall call)
    {
        string? text = call.Optional("Description");
        return text is null || (text.Length <= 1000 && text.All(c => c is '\t' or '\n' or '\r' or (>= ' ' and <= '~') or (>= '\u00A1' and <= '\u00FF')))
            ? text
            : throw QueryException.Invalid("1 validation error detected: Value at 'description' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*, of up to 1000 characters");
    }

    private static XElement BoundaryXml(string arn) => new("PermissionsBoundary",
        new XElement("PermissionsBoundaryType", "Policy"),
        new XElement("PermissionsBoundaryArn", arn));

    private static IEnumerable<XElement> TagXml(IEnumerable<KeyValuePair<string, string>> tags) =>
        tags.Select(tag => new XElement("member", new XElement("Key", tag.Key), new XElement("Value", tag.Value)));

    private static QueryException Conflict(string why) => new(409, "DeleteConflict", $"Cannot delete entity, {why}.");

    // IAM's times have whole seconds.
    private static DateTimeOffset Now(QueryCall call) => DateTimeOffset.FromUnixTimeSeconds(call.Account.Clock.GetUtcNow().ToUnixTimeSeconds());

    private static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
