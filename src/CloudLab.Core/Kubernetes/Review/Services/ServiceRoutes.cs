using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Review.Services;

/// <summary>The rules of Ingresses and HTTPRoutes, and which of them takes a URL.</summary>
internal static class ServiceRoutes
{
    private const string Any = "*", Default = "Default";

    /// <summary>Rules of an Ingress.</summary>
    /// <param name="ingress">The Ingress.</param>
    /// <returns>Its rules that lead to services.</returns>
    public static IEnumerable<LabServiceRoute> OfIngress(JsonObject ingress)
    {
        JsonObject metadata = ingress.Object("metadata") ?? [], spec = ingress.Object("spec") ?? [];
        string address = (ingress.Object("status")?.Object("loadBalancer")?.Objects("ingress") ?? [])
            .Select(entry => entry.Text("hostname") ?? entry.Text("ip")).OfType<string>().FirstOrDefault() ?? Any;
        IEnumerable<(string Host, string Path, string Type, JsonObject? Backend)> rules =
            from rule in spec.Objects("rules")
            from path in rule.Object("http")?.Objects("paths") ?? []
            select (rule.Text("host") ?? Any, path.Text("path") ?? "/", path.Text("pathType") ?? "ImplementationSpecific", path.Object("backend"));
        foreach ((string host, string path, string type, JsonObject? backend) in rules.Append((Any, "/", Default, spec.Object("defaultBackend"))))
        {
            if (backend?.Object("service") is not { } service || service.Text("name") is not { } name)
            {
                continue;
            }

            JsonObject? tls = spec.Objects("tls").FirstOrDefault(one => !one.Texts("hosts").Any() || one.Texts("hosts").Any(covered => Takes(covered, host)));
            yield return new LabServiceRoute
            {
                Kind = "Ingress", Name = metadata.Text("name") ?? "", Namespace = metadata.Text("namespace") ?? "",
                Class = spec.Text("ingressClassName") ?? metadata.Object("annotations")?.Text("kubernetes.io/ingress.class"),
                Host = host, Path = path, PathType = type, Service = name, ServiceNamespace = metadata.Text("namespace") ?? "",
                Port = service.Object("port") is { } port ? port.Text("name") ?? port["number"]?.ToString() : null,
                Url = $"{(tls is null ? "http" : "https")}://{(host == Any ? address : host)}{path}", TlsSecret = tls?.Text("secretName"), Source = ingress,
            };
        }
    }

    /// <summary>Rules of an HTTPRoute of the Gateway API.</summary>
    /// <param name="route">The route.</param>
    /// <param name="gateways">The gateways that can be read; they know whether it is HTTPS.</param>
    /// <returns>Its rules that lead to services.</returns>
    public static IEnumerable<LabServiceRoute> OfHttpRoute(JsonObject route, IReadOnlyList<JsonObject> gateways)
    {
        JsonObject metadata = route.Object("metadata") ?? [], spec = route.Object("spec") ?? [];
        string ns = metadata.Text("namespace") ?? "";
        JsonObject? parent = spec.Objects("parentRefs").FirstOrDefault();
        bool secure = gateways.Where(gateway => gateway.Name() == parent?.Text("name") && gateway.Namespace() == (parent?.Text("namespace") ?? ns))
            .SelectMany(gateway => gateway.Object("spec")?.Objects("listeners") ?? [])
            .Any(listener => listener.Text("protocol") == "HTTPS" && (parent?.Text("sectionName") is not { } section || section == listener.Text("name")));
        return
            from rule in spec.Objects("rules")
            from backend in rule.Objects("backendRefs")
            where (backend.Text("kind") ?? "Service") == "Service" && backend.Text("name") is not null
            from match in rule.Objects("matches").DefaultIfEmpty([])
            from host in spec.Texts("hostnames").DefaultIfEmpty(Any)
            let path = match.Object("path")?.Text("value") ?? "/"
            let type = match.Object("path")?.Text("type") ?? "PathPrefix"
            select new LabServiceRoute
            {
                Kind = "HTTPRoute", Name = metadata.Text("name") ?? "", Namespace = ns, Class = parent?.Text("name"), Host = host, Path = path, PathType = type == "PathPrefix" ? "Prefix" : type,
                Service = backend.Text("name")!, ServiceNamespace = backend.Text("namespace") ?? ns, Port = backend["port"]?.ToString(),
                Url = $"{(secure ? "https" : "http")}://{host}{path}", Source = route,
            };
    }

    /// <summary>The rules that take a URL: the nearest host, then an exact path, then the longest.</summary>
    /// <param name="routes">All rules.</param>
    /// <param name="host">Host of the URL.</param>
    /// <param name="path">Path of the URL.</param>
    /// <returns>The rules that share the requests; several where an HTTPRoute divides them, none where nothing takes it.</returns>
    public static IReadOnlyList<LabServiceRoute> Taking(IEnumerable<LabServiceRoute> routes, string host, string path)
    {
        var ordered = (
            from route in routes
            where Takes(route.Host, host) && TakesPath(route, path)
            let rank = (Host: route.Host == Any ? 0 : route.Host.StartsWith("*.", StringComparison.Ordinal) ? 1 : 2, Default: route.PathType == Default ? 0 : 1, Exact: route.PathType == "Exact" ? 1 : 0, route.Path.Length)
            // A default backend takes what no rule of its Ingress takes, whatever the host of the rule.
            orderby rank.Default descending, rank.Host descending, rank.Exact descending, rank.Length descending
            select (route, rank)).ToList();
        return ordered.Count == 0 ? [] : [.. ordered.TakeWhile(one => one.rank == ordered[0].rank).Select(one => one.route)];
    }

    // A wildcard stands for one label: kubernetes/api networking/v1 IngressRule.
    private static bool Takes(string pattern, string host) =>
        pattern == Any || string.Equals(pattern, host, StringComparison.OrdinalIgnoreCase)
        || (pattern.StartsWith("*.", StringComparison.Ordinal) && host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot && string.Equals(pattern[1..], host[dot..], StringComparison.OrdinalIgnoreCase));

    private static bool TakesPath(LabServiceRoute route, string path) => route.PathType switch
    {
        Default => true,
        "Exact" => route.Path == path,
        // Element by element: /foo takes /foo/bar, and not /foobar.
        "Prefix" => route.Path.TrimEnd('/') is var prefix && (path == prefix || path.StartsWith(prefix + "/", StringComparison.Ordinal)),
        "RegularExpression" => false,
        _ => path.StartsWith(route.Path, StringComparison.Ordinal),
    };
}
