using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Resources;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>Tells clients which kinds there are, one group at a time or all at once.</summary>
internal sealed class Discovery(ResourceRegistry registry)
{
    private const string Aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    public JsonObject Paths()
    {
        List<string> paths = ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"];
        foreach (string group in Groups())
        {
            paths.Add("/apis/" + group);
            paths.AddRange(Versions(group).Select(version => $"/apis/{group}/{version}"));
        }

        return new JsonObject { ["paths"] = Json.List(paths.Order(StringComparer.Ordinal)) };
    }

    public Task RootAsync(ApiRequest request)
    {
        bool isCore = request.Segments[0] == "api";
        bool wantsAll = request.Accept.Split(',').Any(type => type.Replace(" ", "", StringComparison.Ordinal) is { } t
            && t.Contains("g=apidiscovery.k8s.io", StringComparison.Ordinal) && t.Contains("v=v2", StringComparison.Ordinal)
            && !t.Contains("v=v2beta1", StringComparison.Ordinal) && t.StartsWith("application/json", StringComparison.Ordinal));
        if (wantsAll)
        {
            JsonObject all = new()
            {
                ["kind"] = "APIGroupDiscoveryList",
                ["apiVersion"] = "apidiscovery.k8s.io/v2",
                ["metadata"] = new JsonObject(),
                ["items"] = new JsonArray([.. (isCore ? [""] : Groups()).Select(AggregatedGroup)]),
            };
            return Answer.JsonAsync(request, 200, all, Aggregated);
        }

        JsonObject node = isCore
            ? new JsonObject
            {
                ["kind"] = "APIVersions",
                ["versions"] = new JsonArray("v1"),
                ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject
                {
                    ["clientCIDR"] = "0.0.0.0/0",
                    ["serverAddress"] = request.Exchange.Headers.Get("Host") ?? "127.0.0.1",
                }),
            }
            : new JsonObject { ["kind"] = "APIGroupList", ["apiVersion"] = "v1", ["groups"] = new JsonArray([.. Groups().Select(group => Describe(group))]) };
        return Answer.JsonAsync(request, 200, node);
    }

    public JsonObject Group(string group)
    {
        if (!Groups().Contains(group))
        {
            throw ApiError.NoSuchResource();
        }

        JsonObject node = Describe(group);
        node["kind"] = "APIGroup";
        node["apiVersion"] = "v1";
        node.PutFirst("kind", "apiVersion");
        return node;
    }

    public JsonObject Resources(string group, string version)
    {
        List<ResourceKind> kinds = [.. registry.All.Where(kind => kind.Group == group && kind.Version == version)];
        if (kinds.Count == 0)
        {
            throw ApiError.NoSuchResource();
        }

        JsonArray resources = [];
        foreach (ResourceKind kind in kinds)
        {
            JsonObject entry = new()
            {
                ["name"] = kind.Name,
                ["singularName"] = kind.Singular,
                ["namespaced"] = kind.IsNamespaced,
                ["kind"] = kind.Kind,
                ["verbs"] = Json.List(kind.Verbs),
            };
            Names(kind, entry);
            resources.Add(entry);
            foreach (Subresource sub in kind.Subresources)
            {
                JsonObject part = new() { ["name"] = $"{kind.Name}/{sub.Name}", ["singularName"] = "", ["namespaced"] = kind.IsNamespaced };
                if (sub.Version.Length > 0)
                {
                    part["group"] = sub.Group;
                    part["version"] = sub.Version;
                }

                part["kind"] = sub.Kind;
                part["verbs"] = Json.List(sub.Verbs);
                resources.Add(part);
            }
        }

        return new JsonObject
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}",
            ["resources"] = resources,
        };
    }

    private static void Names(ResourceKind kind, JsonObject entry)
    {
        if (kind.ShortNames.Count > 0)
        {
            entry["shortNames"] = Json.List(kind.ShortNames);
        }

        if (kind.Categories.Count > 0)
        {
            entry["categories"] = Json.List(kind.Categories);
        }
    }

    private IEnumerable<string> Groups() => registry.All.Select(kind => kind.Group).Where(group => group.Length > 0).Distinct();

    private IEnumerable<string> Versions(string group) => registry.All.Where(kind => kind.Group == group).Select(kind => kind.Version).Distinct();

    private JsonObject Describe(string group)
    {
        static JsonObject Version(string group, string version) => new() { ["groupVersion"] = $"{group}/{version}", ["version"] = version };
        List<string> versions = [.. Versions(group)];
        return new JsonObject
        {
            ["name"] = group,
            ["versions"] = new JsonArray([.. versions.Select(version => Version(group, version))]),
            ["preferredVersion"] = Version(group, versions[0]),
        };
    }

    private JsonObject AggregatedGroup(string group)
    {
        JsonArray versions = [];
        foreach (string version in Versions(group))
        {
            JsonArray resources = [];
            foreach (ResourceKind kind in registry.All.Where(kind => kind.Group == group && kind.Version == version))
            {
                JsonObject entry = new()
                {
                    ["resource"] = kind.Name,
                    ["responseKind"] = Kind(kind.Group, kind.Version, kind.Kind),
                    ["scope"] = kind.IsNamespaced ? "Namespaced" : "Cluster",
                    ["singularResource"] = kind.Singular,
                    ["verbs"] = Json.List(kind.Verbs),
                };
                Names(kind, entry);
                if (kind.Subresources.Count > 0)
                {
                    entry["subresources"] = new JsonArray([.. kind.Subresources.Select(sub => new JsonObject
                    {
                        ["subresource"] = sub.Name,
                        ["responseKind"] = sub.Version.Length > 0 ? Kind(sub.Group, sub.Version, sub.Kind) : Kind(kind.Group, kind.Version, sub.Kind),
                        ["verbs"] = Json.List(sub.Verbs),
                    })]);
                }

                resources.Add(entry);
            }

            versions.Add(new JsonObject { ["version"] = version, ["resources"] = resources, ["freshness"] = "Current" });
        }

        return new JsonObject
        {
            ["metadata"] = group.Length == 0 ? new JsonObject() : new JsonObject { ["name"] = group },
            ["versions"] = versions,
        };
    }

    private static JsonObject Kind(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };
}
