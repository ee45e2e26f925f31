using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Identity.Policies.Actions;

/// <summary>
/// What is known of the names of actions. The one place through which policies ask: a catalogue of all services comes in
/// here, and with it the permissions that an API call needs.
/// </summary>
public static partial class PolicyActionNames
{
    /// <summary>The permissions that an action needs. Throws <see cref="LabException"/> for what is no action.</summary>
    /// <param name="name">Action: <c>s3:GetObject</c>.</param>
    /// <returns>The actions to decide on; one, unless the name is that of an API call that needs several.</returns>
    public static IReadOnlyList<string> Permissions(string name) => Form().IsMatch(name)
        ? [name]
        : throw new LabException(
            LabErrorKind.InvalidArgument, "ActionInvalid",
            name.AsSpan().IndexOfAny('*', '?') >= 0
                ? $"'{name}' has wildcards, and a request is for one action: name it, such as s3:GetObject."
                : $"'{name}' is not an action: write service:Name, such as s3:GetObject.")
        {
            Target = name,
        };

    /// <summary>All actions of a service.</summary>
    /// <param name="service">What stands before the colon: <c>s3</c>.</param>
    /// <returns>Its actions; none where the service is not known.</returns>
    public static IReadOnlyList<string> OfService(string service) => service.Equals("s3", StringComparison.OrdinalIgnoreCase)
        ? [.. S3Actions.Object, .. S3Actions.Listing, .. S3Actions.Bucket, .. S3Actions.Account]
        : [];

    /// <summary>Whether an action can be done to a resource at all: objects are not listed, buckets are not read.</summary>
    /// <param name="action">The action.</param>
    /// <param name="resource">ARN of the resource.</param>
    /// <returns>False where a request of that kind does not exist; true where it does or nothing is known.</returns>
    public static bool Fits(string action, string resource)
    {
        if (!action.StartsWith("s3:", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        bool objectArn = resource.Contains('/', StringComparison.Ordinal);
        return S3Actions.Object.Contains(action, StringComparer.OrdinalIgnoreCase) ? objectArn
            : S3Actions.Account.Contains(action, StringComparer.OrdinalIgnoreCase) ? resource == "*"
            : !(S3Actions.Bucket.Contains(action, StringComparer.OrdinalIgnoreCase) || S3Actions.Listing.Contains(action, StringComparer.OrdinalIgnoreCase))
            || (!objectArn && resource != "*");
    }

    [GeneratedRegex(@"^[A-Za-z0-9-]+:[A-Za-z0-9]+\z")]
    private static partial Regex Form();
}
