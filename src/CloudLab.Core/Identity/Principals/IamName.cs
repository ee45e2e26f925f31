using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Identity.Principals;

/// <summary>Names of users, groups, roles, policies and instance profiles, which people also give as ARNs.</summary>
public static class IamName
{
    /// <summary>The name that is meant.</summary>
    /// <param name="kind">Kind as ARNs have it: <c>user</c>, <c>group</c>, <c>role</c>, <c>policy</c>, <c>instance-profile</c>.</param>
    /// <param name="text">A name, or an ARN with or without a path: <c>arn:aws:iam::123456789012:role/lab/viewer</c>.</param>
    /// <returns>The name. Throws <see cref="LabException"/> (<c>ArnInvalid</c>) for an ARN of something else.</returns>
    public static string Of(string kind, string text)
    {
        if (!text.StartsWith("arn:", StringComparison.OrdinalIgnoreCase))
        {
            return text;
        }

        string[] parts = text.Split(':', 6);
        if (parts is [_, _, "iam", "", { Length: > 0 }, var resource] && resource.StartsWith(kind + "/", StringComparison.Ordinal) && !resource.EndsWith('/'))
        {
            return resource[(resource.LastIndexOf('/') + 1)..];
        }

        string what = parts is [_, _, "sts", _, _, var session] && session.StartsWith("assumed-role/", StringComparison.Ordinal)
            ? $"the ARN of a session of role '{session.Split('/').ElementAtOrDefault(1)}'"
            : parts is [_, _, "iam", _, _, var other] && other.Contains('/', StringComparison.Ordinal) && !other.StartsWith(kind + "/", StringComparison.Ordinal)
                ? $"an ARN of the kind {other.Split('/')[0]}"
                : "not a valid ARN here";
        throw new LabException(
            LabErrorKind.InvalidData, "ArnInvalid", $"'{text}' is {what}: give a name, or an ARN such as arn:aws:iam::123456789012:{kind}/path/name.")
        {
            Target = text,
        };
    }
}
