using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Access;

/// <summary>What a rule lacks to grant a request.</summary>
[Flags]
internal enum RuleGap
{
    /// <summary>Nothing: it grants it.</summary>
    None = 0,

    /// <summary>The verb.</summary>
    Verb = 1,

    /// <summary>The name of the object: the rule is for certain names only.</summary>
    Name = 2,

    /// <summary>The rule holds in another namespace, or only in one.</summary>
    Namespace = 4,

    /// <summary>The subresource: the rule has the kind itself.</summary>
    Subresource = 8,

    /// <summary>The API group: the rule has a kind of that name in another one.</summary>
    Group = 16,

    /// <summary>The kind, or the URL.</summary>
    Resource = 32,
}

/// <summary>One rule of a Role or ClusterRole, read as the RBAC authorizer of Kubernetes reads it.</summary>
/// <param name="Verbs">Verbs; <c>*</c> for all.</param>
/// <param name="ApiGroups">API groups, the empty one for core; <c>*</c> for all.</param>
/// <param name="Resources">Plurals, <c>pods/log</c>, <c>*/scale</c>, <c>*</c>.</param>
/// <param name="ResourceNames">Names of objects; all where it is empty.</param>
/// <param name="Urls">Paths that are no objects; an asterisk at the end stands for anything.</param>
internal sealed record RbacRule(
    IReadOnlyList<string> Verbs, IReadOnlyList<string> ApiGroups, IReadOnlyList<string> Resources, IReadOnlyList<string> ResourceNames, IReadOnlyList<string> Urls)
{
    /// <summary>Reads a rule of a role, or of a SelfSubjectRulesReview.</summary>
    /// <param name="rule">The rule.</param>
    /// <returns>The same.</returns>
    public static RbacRule Of(JsonObject rule) => new(
        rule.Texts("verbs"), rule.Texts("apiGroups"), rule.Texts("resources"), rule.Texts("resourceNames"), rule.Texts("nonResourceURLs"));

    /// <summary>Whether it grants a request.</summary>
    /// <param name="request">The request.</param>
    /// <returns>True if so.</returns>
    public bool Covers(AccessRequest request) => Gap(request) == RuleGap.None;

    /// <summary>What it lacks to grant a request.</summary>
    /// <param name="request">The request.</param>
    /// <returns>The parts that do not fit.</returns>
    public RuleGap Gap(AccessRequest request)
    {
        RuleGap gap = Has(Verbs, request.Verb) ? RuleGap.None : RuleGap.Verb;
        if (request.Path is { } path)
        {
            return gap | (Urls.Any(url => Fits(url, path)) ? RuleGap.None : RuleGap.Resource);
        }

        if (!Resources.Any(resource => Fits(resource, request)))
        {
            gap |= request.Subresource.Length > 0 && Resources.Contains(request.Resource) ? RuleGap.Subresource : RuleGap.Resource;
        }

        return gap
            | (Has(ApiGroups, request.Group) ? RuleGap.None : RuleGap.Group)
            | (ResourceNames.Count == 0 || ResourceNames.Contains(request.Name) ? RuleGap.None : RuleGap.Name);
    }

    /// <summary>The rule in one line.</summary>
    /// <returns><c>get,list pods,pods/log named web</c>.</returns>
    public override string ToString() => string.Join(
        ' ',
        ((string[])
        [
            string.Join(',', Verbs),
            string.Join(',', [.. ApiGroups.SelectMany(group => Resources.Select(resource => AccessRequest.Describe(resource, group))), .. Urls]),
            ResourceNames.Count == 0 ? "" : "named " + string.Join(',', ResourceNames),
        ]).Where(part => part.Length > 0));

    /// <summary>What of the rule matters to a request: its verbs, and the kind or URL that fits or comes near.</summary>
    /// <param name="request">The request.</param>
    /// <returns><c>get,list,watch pods (and 12 more)</c>.</returns>
    public string Brief(AccessRequest request)
    {
        IReadOnlyList<string> things = request.Path is null ? Resources : Urls;
        string main = things.FirstOrDefault(thing => request.Path is { } path ? Fits(thing, path) : Fits(thing, request))
            ?? things.FirstOrDefault(thing => thing == request.Resource) ?? things.FirstOrDefault() ?? "";
        string group = request.Path is not null || ApiGroups.Count == 0 ? "" : ApiGroups.Contains("*") ? "*" : ApiGroups.Contains(request.Group) ? request.Group : ApiGroups[0];
        string names = ResourceNames.Count switch { 0 => "", <= 3 => $" named {string.Join(",", ResourceNames)}", _ => $" named {string.Join(",", ResourceNames.Take(3))},…" };
        return $"{string.Join(',', Verbs)} {AccessRequest.Describe(main, group)}{names}{(things.Count > 1 ? $" (and {things.Count - 1} more)" : "")}";
    }

    private static bool Has(IReadOnlyList<string> list, string wanted) => list.Contains("*") || list.Contains(wanted);

    // 'pods/*' is nothing special to the authorizer, '*' has every subresource with it, and '*/scale' that of every kind.
    private static bool Fits(string resource, AccessRequest request) =>
        resource == "*" || resource == request.Combined || (request.Subresource.Length > 0 && resource == "*/" + request.Subresource);

    private static bool Fits(string url, string path) =>
        url == "*" || url == path || (url.EndsWith('*') && path.StartsWith(url.TrimEnd('*'), StringComparison.Ordinal));
}
