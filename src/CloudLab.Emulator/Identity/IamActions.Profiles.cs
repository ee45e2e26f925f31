using System.Xml.Linq;

namespace CloudLab.Emulator.Identity;

/// <summary>Instance profiles.</summary>
internal static partial class IamActions
{
    private static Dictionary<string, QueryAction> ProfileActions() => new()
    {
        ["CreateInstanceProfile"] = CreateInstanceProfile,
        ["GetInstanceProfile"] = call => [ProfileXml(call, Profile(call, "GetInstanceProfile"), "InstanceProfile")],
        ["ListInstanceProfiles"] = call =>
            List(call, "instance-profile", "InstanceProfiles", call.Account.State.InstanceProfiles.Values, profile => ProfileXml(call, profile, "member")),
        ["ListInstanceProfilesForRole"] = ListInstanceProfilesForRole,
        ["DeleteInstanceProfile"] = DeleteInstanceProfile,
        ["AddRoleToInstanceProfile"] = AddRoleToInstanceProfile,
        ["RemoveRoleFromInstanceProfile"] = RemoveRoleFromInstanceProfile,
        ["TagInstanceProfile"] = call => Tag(call, Profile(call, "TagInstanceProfile")),
        ["UntagInstanceProfile"] = call => Untag(call, Profile(call, "UntagInstanceProfile")),
        ["ListInstanceProfileTags"] = call => ListTags(call, Profile(call, "ListInstanceProfileTags")),
    };

    private static object?[] CreateInstanceProfile(QueryCall call)
    {
        string name = call.Name("InstanceProfileName", maximum: 128), path = call.PathOf("Path");
        InstanceProfileRecord profile = new() { Name = name, Path = path, Id = EmulatedAccount.NewId("AIPA"), Created = Now(call), Tags = call.Tags() };
        call.Authorize("iam:CreateInstanceProfile", profile.Arn(call.Account.AccountId));
        if (!call.Account.State.InstanceProfiles.TryAdd(name, profile))
        {
            throw new QueryException(409, "EntityAlreadyExists", $"Instance Profile {name} already exists.");
        }

        call.Account.Save();
        return [ProfileXml(call, profile, "InstanceProfile")];
    }

    private static object?[] ListInstanceProfilesForRole(QueryCall call)
    {
        RoleRecord role = Role(call, "ListInstanceProfilesForRole");
        (List<InstanceProfileRecord> page, string? marker) = call.Page(
            call.Account.State.InstanceProfiles.Values.Where(profile => profile.Role == role.Name), profile => profile.Name);
        return Members("InstanceProfiles", marker, page.Select(profile => ProfileXml(call, profile, "member")));
    }

    private static object?[] DeleteInstanceProfile(QueryCall call)
    {
        InstanceProfileRecord profile = Profile(call, "DeleteInstanceProfile");
        if (profile.Role is not null)
        {
            throw Conflict("must remove roles from instance profile first");
        }

        call.Account.State.InstanceProfiles.Remove(profile.Name);
        call.Account.Save();
        return [];
    }

    private static object?[] AddRoleToInstanceProfile(QueryCall call)
    {
        InstanceProfileRecord profile = Profile(call, "AddRoleToInstanceProfile");
        RoleRecord role = Role(call, "PassRole");
        if (profile.Role is not null)
        {
            throw new QueryException(409, "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
        }

        profile.Role = role.Name;
        call.Account.Save();
        return [];
    }

    private static object?[] RemoveRoleFromInstanceProfile(QueryCall call)
    {
        InstanceProfileRecord profile = Profile(call, "RemoveRoleFromInstanceProfile");
        string role = call.Name("RoleName");
        if (!string.Equals(profile.Role, role, StringComparison.OrdinalIgnoreCase))
        {
            throw QueryException.NoSuch("role", role);
        }

        profile.Role = null;
        call.Account.Save();
        return [];
    }

    private static InstanceProfileRecord Profile(QueryCall call, string action)
    {
        string name = call.Name("InstanceProfileName", maximum: 128);
        InstanceProfileRecord? profile = call.Account.State.InstanceProfiles.GetValueOrDefault(name);
        call.Authorize("iam:" + action, profile?.Arn(call.Account.AccountId) ?? $"arn:aws:iam::{call.Account.AccountId}:instance-profile/{name}");
        return profile ?? throw new QueryException(404, "NoSuchEntity", $"Instance Profile {name} cannot be found.");
    }

    private static XElement ProfileXml(QueryCall call, InstanceProfileRecord profile, string element) => new(element,
        new XElement("Path", profile.Path),
        new XElement("InstanceProfileName", profile.Name),
        new XElement("InstanceProfileId", profile.Id),
        new XElement("Arn", profile.Arn(call.Account.AccountId)),
        new XElement("CreateDate", Iso(profile.Created)),
        new XElement("Roles", profile.Role is null ? null : RoleXml(call, call.Account.State.Roles[profile.Role], "member", withTags: false)),
        element == "member" || profile.Tags.Count == 0 ? null : new XElement("Tags", TagXml(profile.Tags)));
}
