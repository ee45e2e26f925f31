using System.Text.Json.Nodes;

namespace CloudLab.Core.Kubernetes.Manifests.Templates;

/// <content>Roles and who has them.</content>
public sealed partial record ManifestTemplate
{
    private JsonObject Role()
    {
        string[] verbs = Texts("Verb") is { Length: > 0 } given ? given : throw Missing("Verb", "get, list, watch");
        string[] resources = Texts("Resource") is { Length: > 0 } some ? some : throw Missing("Resource", "pods, deployments.apps");
        JsonArray rules = [];
        foreach (IGrouping<string, string[]> group in resources.Select(resource => resource.Split('.', 2)).GroupBy(parts => parts is [_, var group] ? group.Split('/')[0] : "").OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            // deployments.apps/scale: the subresource stands after the group.
            JsonObject rule = new()
            {
                ["apiGroups"] = List([group.Key]),
                ["resources"] = List(group.Select(parts => parts is [var plural, var rest] && rest.Split('/', 2) is [_, var sub] ? $"{plural}/{sub}" : parts[0])),
                ["verbs"] = List(verbs.Select(verb => verb.ToLowerInvariant())),
            };
            if (Texts("ResourceName") is { Length: > 0 } names)
            {
                rule["resourceNames"] = List(names);
            }

            rules.Add(rule);
        }

        return new JsonObject { ["rules"] = rules };
    }

    private JsonObject RoleBinding()
    {
        (string kind, string name) = Needed("Role").Split('/', 2) is [var first, { Length: > 0 } rest] ? (first.ToLowerInvariant(), rest) : ("role", Needed("Role"));
        string[] subjects = Texts("Subject") is { Length: > 0 } given ? given : throw Missing("Subject", "user/anna, serviceaccount/build");
        return new JsonObject
        {
            ["roleRef"] = new JsonObject
            {
                ["apiGroup"] = "rbac.authorization.k8s.io",
                ["kind"] = kind switch
                {
                    "role" => "Role",
                    "clusterrole" => "ClusterRole",
                    _ => throw Invalid("ValueInvalid", $"-Role '{Needed("Role")}' is neither role/<name> nor clusterrole/<name>."),
                },
                ["name"] = name,
            },
            ["subjects"] = new JsonArray([.. subjects.Select(Subject)]),
        };
    }

    private JsonObject Subject(string text) => text.Split('/') switch
    {
        ["user", { Length: > 0 } user] => new JsonObject { ["kind"] = "User", ["apiGroup"] = "rbac.authorization.k8s.io", ["name"] = user },
        ["group", { Length: > 0 } group] => new JsonObject { ["kind"] = "Group", ["apiGroup"] = "rbac.authorization.k8s.io", ["name"] = group },
        ["serviceaccount" or "sa", { Length: > 0 } account] => new JsonObject
        {
            ["kind"] = "ServiceAccount", ["name"] = account,
            ["namespace"] = Namespace ?? throw Invalid("ParameterMissing", $"-Subject '{text}' needs the namespace of the account: give -Namespace, or write serviceaccount/<namespace>/<name>."),
        },
        ["serviceaccount" or "sa", { Length: > 0 } ns, { Length: > 0 } account] => new JsonObject { ["kind"] = "ServiceAccount", ["name"] = account, ["namespace"] = ns },
        _ => throw Invalid("ValueInvalid", $"-Subject '{text}' is none of user/<name>, group/<name> and serviceaccount/<name>."),
    };
}
