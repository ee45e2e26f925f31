using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Access;

/// <summary>Makes requests of what people write: a verb and a kind by any of its names, with a subresource or as a URL.</summary>
internal static class AccessQuestion
{
    /// <summary>Verbs of the Kubernetes API.</summary>
    public static readonly IReadOnlyList<string> Verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

    /// <summary>Verbs that only authorizers know.</summary>
    public static readonly IReadOnlyList<string> OtherVerbs = ["*", "approve", "attest", "bind", "escalate", "impersonate", "proxy", "sign", "use"];

    private static readonly string[] UrlVerbs = ["get", "post", "put", "patch", "delete", "head", "options", "*"];

    // Named in rules and never served: whom one may act as, and who may sign certificates.
    private static readonly (string Plural, string Group)[] Unserved =
        [("users", ""), ("groups", ""), ("uids", "authentication.k8s.io"), ("userextras", "authentication.k8s.io"), ("signers", "certificates.k8s.io")];

    /// <summary>What a verb and a kind mean in a cluster.</summary>
    /// <param name="catalog">The kinds of the cluster.</param>
    /// <param name="verb">Verb.</param>
    /// <param name="kind">Kind by any of its names, <c>pods/log</c>, <c>*</c>, or a path that begins with a slash.</param>
    /// <param name="subresource">Subresource; null or empty for none.</param>
    /// <param name="name">Name of the object; null or empty for any.</param>
    /// <param name="ns">Namespace; empty for all.</param>
    /// <param name="warn">Told what makes no sense and is asked all the same.</param>
    /// <returns>One request for each kind that is meant; none where the cluster has no such kind.</returns>
    public static IReadOnlyList<AccessRequest> Resolve(
        ApiCatalog catalog, string verb, string kind, string? subresource, string? name, string ns, Action<string> warn)
    {
        string does = verb.Trim().ToLowerInvariant();
        if (kind.StartsWith('/'))
        {
            if (!UrlVerbs.Contains(does))
            {
                warn($"'{does}' is not a verb of URLs: they have {string.Join(", ", UrlVerbs)}.");
            }

            return [new AccessRequest(does) { Path = kind }];
        }

        string[] parts = kind.Split('/', 2);
        string part = string.IsNullOrEmpty(subresource) ? parts.ElementAtOrDefault(1) ?? "" : subresource;
        AccessRequest asked = new(does) { Subresource = part, Name = name ?? "", Namespace = ns };
        if (parts[0] is "*" || parts[0].StartsWith("*.", StringComparison.Ordinal))
        {
            return [asked with { Resource = "*", Group = parts[0].Length > 2 ? parts[0][2..] : "*" }];
        }

        if (Array.Find(Unserved, one => parts[0].Equals(one.Plural, StringComparison.OrdinalIgnoreCase) || parts[0].Equals($"{one.Plural}.{one.Group}", StringComparison.OrdinalIgnoreCase)) is { Plural: { } plural } virtualKind
            && catalog.Match(parts[0]).Count == 0)
        {
            return [asked with { Resource = plural, Group = virtualKind.Group, Namespace = "" }];
        }

        return [.. catalog.Match(parts[0]).Select(resource => Of(resource, asked, warn))];
    }

    private static AccessRequest Of(ApiResource resource, AccessRequest asked, Action<string> warn)
    {
        IReadOnlyList<string> verbs = resource.Verbs;
        if (asked.Subresource.Length > 0)
        {
            ApiSubresource? found = resource.Subresources.FirstOrDefault(one => one.Name == asked.Subresource);
            if (found is null && asked.Subresource != "*")
            {
                string[] known = [.. resource.Subresources.Select(one => one.Name)];
                warn($"The API server lists no subresource '{asked.Subresource}' of {resource.Name}{(known.Length > 0 ? $": it has {string.Join(", ", known)}" : "")}. An object is named with -Name.");
            }

            verbs = found?.Verbs ?? [];
        }

        if (verbs.Count > 0 && !verbs.Contains(asked.Verb) && !OtherVerbs.Contains(asked.Verb))
        {
            string? near = Verbs.Contains(asked.Verb) ? null : NearestNames.Find(asked.Verb, Verbs);
            warn($"{resource.Name}{(asked.Subresource.Length > 0 ? "/" + asked.Subresource : "")} has no verb '{asked.Verb}': {(near is null ? $"it has {string.Join(", ", verbs)}" : $"did you mean '{near}'?")}{(near is null ? "." : "")}");
        }

        return asked with
        {
            Group = resource.Group,
            Resource = resource.Plural,
            // What is in no namespace is asked for without one; a namespace, by name, is in itself to the API server.
            Namespace = resource.Namespaced ? asked.Namespace : resource is { Group: "", Plural: "namespaces" } ? asked.Name : "",
        };
    }
}
