using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Catalogue;
using CloudLab.Core.Identity.Policies.Actions;

namespace CloudLab.Core.Identity.Policies.Comparison;

/// <summary>What a policy must not grant. A gate that names what cannot exist would always pass, so that is refused.</summary>
/// <param name="Action">Action, with wildcards.</param>
/// <param name="Resource">ARN, with wildcards; null for any resource.</param>
public sealed record ForbiddenGrant(string Action, string? Resource)
{
    /// <summary>Reads <c>service:Action</c> or <c>service:Action@resource</c>. Throws <see cref="LabException"/> (<c>ActionInvalid</c>, <c>ActionUnknown</c>, <c>ResourceInvalid</c>).</summary>
    /// <param name="text">The text.</param>
    /// <param name="policies">The policies to look at: an action that they name may be newer than the catalogue.</param>
    /// <returns>The grant.</returns>
    public static ForbiddenGrant Parse(string text, IReadOnlyList<NamedPolicy> policies)
    {
        string[] parts = text.Split('@', 2);
        string action = ActionOf(parts[0], policies, text);
        return new ForbiddenGrant(action, parts.Length < 2 ? null : ResourceOf(action, parts[1], text));
    }

    /// <summary>Whether its service is one that nothing is known of: most often a misspelt one.</summary>
    /// <param name="policies">The policies to look at.</param>
    /// <returns>True if neither the catalogue nor a policy has it.</returns>
    public bool IsOfUnknownService(IReadOnlyList<NamedPolicy> policies)
    {
        string service = Action.Split(':')[0];
        return service.AsSpan().IndexOfAny('*', '?') < 0 && !ActionCatalogue.HasService(service)
            && !policies.SelectMany(policy => policy.Document.Statement).SelectMany(statement => statement.Action.Concat(statement.NotAction))
                .Any(action => action.StartsWith(service + ":", StringComparison.OrdinalIgnoreCase));
    }

    private static string ActionOf(string action, IReadOnlyList<NamedPolicy> policies, string text)
    {
        if (action == "*")
        {
            return "*:*";
        }

        if (action.IndexOf(':', StringComparison.Ordinal) is var colon && (colon < 1 || colon == action.Length - 1))
        {
            throw Refused("ActionInvalid", $"-MustNotGrant: '{action}' is not an action: write service:Name, such as s3:DeleteBucket, and a resource after @ if you mean one.", text);
        }

        if (action.AsSpan().IndexOfAny('*', '?') < 0)
        {
            return PolicyActionNames.Permissions(action, name => policies.Any(policy => policy.Document.Names(name))) switch
            {
                [var one] => one,
                var several => throw Refused("ActionInvalid", $"-MustNotGrant: {action} is a call that needs several permissions: name those that must not be granted, of {string.Join(", ", several)}.", text),
            };
        }

        string service = action[..colon];
        string pattern = PolicyPattern.Expand(action, null, wildcards: true)!;
        bool exists = !ActionCatalogue.HasService(service) || ActionCatalogue.Match(action).Any()
            || policies.SelectMany(policy => policy.Document.Statement).SelectMany(statement => statement.Action.Concat(statement.NotAction)).Any(name => PolicyPattern.IsMatch(pattern, name, ignoreCase: true));
        return exists ? action : throw Refused("ActionUnknown", $"-MustNotGrant: no action of {ActionCatalogue.ServiceName(service)} matches '{action}': Find-LabAction lists them.", text);
    }

    private static string ResourceOf(string action, string given, string text)
    {
        string resource = PolicyStatements.Resource(given);
        bool wild = resource.AsSpan().IndexOfAny('*', '?') >= 0;
        if (PolicyPattern.Completed(resource).Skip(1).Any() || (!wild && !resource.StartsWith("arn:", StringComparison.Ordinal)))
        {
            throw Refused("ResourceInvalid", $"-MustNotGrant: '{given}' is not a resource: write an ARN, with wildcards or without, or an S3 address, such as {action}@arn:aws:s3:::movies/*.", text);
        }

        // An object's name has a slash, which a wildcard can stand for; a bucket's has none.
        ActionPlace place = PolicyActionNames.PlaceOf(action);
        if (resource.StartsWith("arn:", StringComparison.Ordinal) && !PolicyActionNames.Fits(action, resource) && !(wild && place is ActionPlace.Object or ActionPlace.Account))
        {
            throw Refused(
                "ResourceInvalid",
                $"-MustNotGrant: {action} is never done to {resource}: {place switch
                {
                    ActionPlace.Object => $"it is done to objects: write {action}@{resource}/*",
                    ActionPlace.Account => $"it has no resource: write {action}",
                    _ => $"it is done to buckets: write {action}@{resource.Split('/')[0]}",
                }}.", text);
        }

        return resource;
    }

    private static LabException Refused(string code, string message, string target) => new(LabErrorKind.InvalidArgument, code, message) { Target = target };
}
