using System.Text.RegularExpressions;
using CloudLab.Core.Identity.Catalogue;
using CloudLab.Core.Identity.Policies.Actions;

namespace CloudLab.Core.Identity.Review;

/// <summary>Whether the resource of a statement can be of a type that an action applies to.</summary>
internal static partial class ResourceMatch
{
    /// <summary>Whether an action can apply to a resource of a policy.</summary>
    /// <param name="action">The action.</param>
    /// <param name="resource">ARN with wildcards and variables, or <c>*</c>.</param>
    /// <returns>True if it can.</returns>
    public static bool CanApply(LabAction action, string resource) =>
        resource.Trim('*').Length == 0 || resource.StartsWith("${", StringComparison.Ordinal) || action.Resource.Any(type => IsOfType(type.Arn, resource))
        || PolicyActionNames.ResourceOf(action.Action, "*") is not "*" and var own && PatternRelation.Covers(resource, own);

    /// <summary>Whether a resource can be of a type.</summary>
    /// <param name="template">ARN template of the type.</param>
    /// <param name="resource">ARN with wildcards and variables.</param>
    /// <returns>True if it can.</returns>
    public static bool IsOfType(string template, string resource)
    {
        // The name of a bucket has no slash; other names (roles with paths, log groups) can have some.
        if (template.EndsWith(":s3:::${BucketName}", StringComparison.Ordinal) && resource.Split(':', 6) is [.., var name] && name.Contains('/', StringComparison.Ordinal))
        {
            return false;
        }

        return PatternRelation.Overlaps(template, resource);
    }

    /// <summary>An ARN template as one writes it in a policy.</summary>
    /// <param name="template">Template: <c>arn:${Partition}:s3:::${BucketName}/${ObjectName}</c>.</param>
    /// <returns><c>arn:aws:s3:::BUCKET/OBJECT</c>.</returns>
    public static string Example(string template) =>
        Variable().Replace(template.Replace("${Partition}", "aws", StringComparison.Ordinal), match => match.Groups[1].Value.ToUpperInvariant().Replace("NAME", "", StringComparison.Ordinal) is { Length: > 0 } name ? name : "NAME");

    [GeneratedRegex(@"\$\{([^}]*)\}")]
    private static partial Regex Variable();
}
