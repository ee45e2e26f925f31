namespace CloudLab.Core.Identity.Principals;

/// <summary>The operations of IAM, each with the element of its answer that holds what is asked for.</summary>
internal static class IamOperations
{
    // An operation without an entry answers nothing that is needed. A plural holds a list, which comes in pages.
    private static readonly Dictionary<string, string> Answers = new(StringComparer.Ordinal)
    {
        ["CreateUser"] = "User",
        ["GetUser"] = "User",
        ["ListUsers"] = "Users",
        ["ListUserTags"] = "Tags",
        ["ListGroupsForUser"] = "Groups",
        ["ListMFADevices"] = "MFADevices",
        ["CreateGroup"] = "Group",
        ["GetGroup"] = "Users",
        ["ListGroups"] = "Groups",
        ["CreateAccessKey"] = "AccessKey",
        ["ListAccessKeys"] = "AccessKeyMetadata",
        ["GetAccessKeyLastUsed"] = "AccessKeyLastUsed",
        ["CreateRole"] = "Role",
        ["GetRole"] = "Role",
        ["ListRoles"] = "Roles",
        ["ListRoleTags"] = "Tags",
        ["CreatePolicy"] = "Policy",
        ["GetPolicy"] = "Policy",
        ["ListPolicies"] = "Policies",
        ["ListPolicyTags"] = "Tags",
        ["CreatePolicyVersion"] = "PolicyVersion",
        ["GetPolicyVersion"] = "PolicyVersion",
        ["ListPolicyVersions"] = "Versions",
        ["GetUserPolicy"] = "PolicyDocument",
        ["GetGroupPolicy"] = "PolicyDocument",
        ["GetRolePolicy"] = "PolicyDocument",
        ["ListUserPolicies"] = "PolicyNames",
        ["ListGroupPolicies"] = "PolicyNames",
        ["ListRolePolicies"] = "PolicyNames",
        ["ListAttachedUserPolicies"] = "AttachedPolicies",
        ["ListAttachedGroupPolicies"] = "AttachedPolicies",
        ["ListAttachedRolePolicies"] = "AttachedPolicies",
        ["CreateInstanceProfile"] = "InstanceProfile",
        ["GetInstanceProfile"] = "InstanceProfile",
        ["ListInstanceProfiles"] = "InstanceProfiles",
        ["ListInstanceProfilesForRole"] = "InstanceProfiles",
    };

    /// <summary>The element that an operation answers.</summary>
    /// <param name="action">The operation: <c>CreateRole</c>.</param>
    /// <returns>The element's name: <c>Role</c>.</returns>
    public static string AnswerOf(string action) => Answers[action];
}
