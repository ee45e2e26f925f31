using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Core.Kubernetes.Review.Services;

/// <summary>Follows a service, or what leads to one, to the addresses that answer, and says what is wrong on the way.</summary>
/// <param name="api">The cluster.</param>
/// <param name="context">Name of its context; null if none.</param>
/// <param name="reporter">Hears what could not be read.</param>
public sealed class ServiceResolver(KubernetesApi api, string? context, IReporter reporter)
{
    private const string Ingresses = "ingresses.networking.k8s.io", HttpRoutes = "httproutes.gateway.networking.k8s.io";

    private const int MostTried = 5;

    // Objects that come one after the other share what was read; those of a watch do not.
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(3);

    private readonly HashSet<string> warned = [];
    private ClusterLists lists = new(api);
    private long made = Environment.TickCount64;

    /// <summary>Follows an object.</summary>
    /// <param name="resource">Its kind: a service, an Ingress or HTTPRoute, or what has pods.</param>
    /// <param name="target">The object.</param>
    /// <param name="test">Connects to a pod of each port.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>One entry for each port. Throws <see cref="LabException"/> (<c>KindNotSupported</c>, <c>NoService</c>).</returns>
    public async Task<IReadOnlyList<LabServicePort>> ResolveAsync(ApiResource resource, LabResource target, bool test, CancellationToken cancellation)
    {
        Refresh();
        JsonObject content = target.ToObject();
        string ns = target.Namespace ?? "";
        IReadOnlyList<LabServicePort> found;
        switch (resource.Name)
        {
            case "services":
                found = await ServiceAsync(content, ns, null, test, cancellation);
                break;
            case Ingresses:
                found = await FollowAsync([.. ServiceRoutes.OfIngress(content)], test, cancellation);
                break;
            case HttpRoutes:
                found = await FollowAsync([.. ServiceRoutes.OfHttpRoute(content, await GatewaysAsync(cancellation))], test, cancellation);
                break;
            default:
                JsonObject labels = (resource is { Group: "", Kind: "Pod" } ? content : PodTemplate.Of(content))?.Labels() ?? throw new LabException(
                    LabErrorKind.NotSupported, "KindNotSupported", $"A {resource.Kind} has no pods: give a service, an ingress, a workload or a pod.") { Target = resource.Describe(ns, target.Name) };
                JsonObject[] services = [.. (await ListAsync("services", ns, cancellation) ?? []).Where(service => service.Object("spec")?.Object("selector") is { Count: > 0 } selector && LabelMatch.ByMap(selector, labels))];
                if (services.Length == 0)
                {
                    throw new LabException(
                        LabErrorKind.NotFound, "NoService", $"No service of namespace {ns} selects the pods of {target}, which have the labels {ResourceParts.Labels(labels)}.")
                    {
                        Target = resource.Describe(ns, target.Name), Advice = "Resolve-LabService * shows what the services select.",
                    };
                }

                found = [.. (await Task.WhenAll(services.Select(service => ServiceAsync(service, ns, null, test, cancellation)))).SelectMany(ports => ports)];
                break;
        }

        Warn();
        return found;
    }

    /// <summary>Finds the rule that takes a URL, and follows it.</summary>
    /// <param name="url">The URL; the scheme may be left out.</param>
    /// <param name="ns">Namespace of the rules; null for all that can be read.</param>
    /// <param name="fallback">Namespace of the rules where those of all cannot be read.</param>
    /// <param name="test">Connects to a pod of the port.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The port that it leads to; several where an HTTPRoute divides the requests. Throws <see cref="LabException"/> (<c>UrlInvalid</c>, <c>RouteNotFound</c>).</returns>
    public async Task<IReadOnlyList<LabServicePort>> FollowAsync(string url, string? ns, string fallback, bool test, CancellationToken cancellation)
    {
        Refresh();
        if (!Uri.TryCreate(url.Contains("://", StringComparison.Ordinal) ? url : "http://" + url, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
        {
            throw new LabException(LabErrorKind.InvalidArgument, "UrlInvalid", $"'{url}' is not a URL: write it as http://movies.example/api.") { Target = url };
        }

        IReadOnlyList<LabServiceRoute> all = await RoutesAsync(ns, fallback, cancellation);
        IReadOnlyList<LabServiceRoute> routes = ServiceRoutes.Taking(all, address.Host, address.AbsolutePath);
        Warn();
        if (routes.Count == 0)
        {
            string[] hosts = [.. all.Select(route => route.Host).Distinct().Order(StringComparer.Ordinal)];
            string same = SomeOf.Names(all.Where(route => string.Equals(route.Host, address.Host, StringComparison.OrdinalIgnoreCase)).Select(route => route.Path).Distinct(), 5);
            throw new LabException(
                LabErrorKind.NotFound, "RouteNotFound",
                $"No Ingress or HTTPRoute takes {url}: {(same.Length > 0 ? $"the host has rules for {same}" : hosts.Length == 0 ? "there is none" : $"there are rules for {SomeOf.Names(hosts, 5)}")}.{NearestNames.Say(address.Host, hosts.Except([address.Host]))}")
            {
                Target = url, Advice = "Get-LabResource ingresses -AllNamespaces lists the rules.",
            };
        }

        IReadOnlyList<LabServicePort> found = await FollowAsync(routes, test, cancellation);
        Warn();
        return found;
    }


    /// <summary>What makes pods in a namespace.</summary>
    /// <param name="lists">Where they are read.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Deployments, StatefulSets, DaemonSets and bare ReplicaSets, as far as they may be read.</returns>
    internal static async Task<IReadOnlyList<JsonObject>> WorkloadsAsync(ClusterLists lists, string ns, CancellationToken cancellation)
    {
        IReadOnlyList<JsonObject>?[] read = await Task.WhenAll(
            new[] { "deployments.apps", "statefulsets.apps", "daemonsets.apps", "replicasets.apps" }.Select(kind => lists.ReadAsync(kind, ns, cancellation)));
        return [.. read.SelectMany(list => list ?? []).Where(one => one.Text("kind") != "ReplicaSet" || ResourceParts.Owner(one) is null)];
    }

    private void Refresh()
    {
        if (Environment.TickCount64 - made > Freshness.TotalMilliseconds)
        {
            (lists, made) = (new ClusterLists(api), Environment.TickCount64);
        }
    }

    private void Warn()
    {
        foreach ((string kind, LabException problem) in lists.Unread)
        {
            if (warned.Add(kind))
            {
                reporter.Warning($"{kind} cannot be read ({problem.Code}), so nothing is said that depends on them.");
            }
        }
    }

    private Task<IReadOnlyList<JsonObject>?> ListAsync(string kind, string? ns, CancellationToken cancellation) => lists.ReadAsync(kind, ns, cancellation);

    private async Task<IReadOnlyList<JsonObject>> GatewaysAsync(CancellationToken cancellation) => await ListAsync("gateways.gateway.networking.k8s.io", null, cancellation) ?? [];

    // Of all namespaces where that is allowed.
    private async Task<IReadOnlyList<LabServiceRoute>> RoutesAsync(string? ns, string fallback, CancellationToken cancellation)
    {
        Task<IReadOnlyList<JsonObject>> ingresses = WidestAsync(Ingresses), routes = WidestAsync(HttpRoutes);
        await Task.WhenAll(ingresses, routes);
        IReadOnlyList<JsonObject> gateways = routes.Result.Count == 0 ? [] : await GatewaysAsync(cancellation);
        return [.. ingresses.Result.SelectMany(ServiceRoutes.OfIngress), .. routes.Result.SelectMany(route => ServiceRoutes.OfHttpRoute(route, gateways))];

        async Task<IReadOnlyList<JsonObject>> WidestAsync(string kind) =>
            await ListAsync(kind, ns, cancellation) ?? (ns is null ? await ListAsync(kind, fallback, cancellation) : null) ?? [];
    }

    private async Task<IReadOnlyList<LabServicePort>> FollowAsync(IReadOnlyList<LabServiceRoute> routes, bool test, CancellationToken cancellation)
    {
        List<LabServicePort> found = [];
        foreach (IGrouping<(string Namespace, string Name), LabServiceRoute> same in routes.GroupBy(route => (route.ServiceNamespace, route.Service)))
        {
            IReadOnlyList<JsonObject> services = await ListAsync("services", same.Key.Namespace, cancellation) ?? [];
            if (services.FirstOrDefault(service => service.Name() == same.Key.Name) is { } service)
            {
                IReadOnlyList<LabServicePort> ports = await ServiceAsync(service, same.Key.Namespace, [.. same], test, cancellation);
                // Only where the rules lead to; with a wrong port, all of them say so.
                LabServicePort[] led = [.. ports.Where(port => port.Routes.Count > 0)];
                found.AddRange(led.Length > 0 && same.All(route => led.Any(port => port.Routes.Contains(route))) ? led : ports);
            }
            else if (!lists.Unread.ContainsKey("services"))
            {
                found.Add(await MissingAsync(same.Key.Namespace, same.Key.Name, [.. same], services, cancellation));
            }
        }

        return found;
    }

    private async Task<LabServicePort> MissingAsync(string ns, string name, LabServiceRoute[] routes, IReadOnlyList<JsonObject> services, CancellationToken cancellation)
    {
        string[] elsewhere = [.. (await ListAsync("services", null, cancellation) ?? []).Where(service => service.Name() == name).Select(service => service.Namespace())];
        string hint = elsewhere.Length > 0 ? $" Namespace {string.Join(", ", elsewhere)} has one of that name, which a rule of another namespace cannot use." : NearestNames.Say(name, services.Select(ObjectMetadata.Name));
        ServiceSurroundings around = await RouteSurroundingsAsync(routes, cancellation);
        return new LabServicePort
        {
            Name = name, Namespace = ns, Context = context, PortName = routes[0].Port is { } text && !int.TryParse(text, out _) ? text : null,
            Port = int.TryParse(routes[0].Port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null, Routes = routes,
            Findings = ServiceReview.Ordered(
            [
                ServiceReview.Find(
                    ServiceRule.ServiceMissing, $"{routes[0].Kind}/{routes[0].Name} leads {routes[0].Url} to the service '{name}', which does not exist in namespace {ns}.{hint}",
                    elsewhere.Length > 0 ? $"Move the {routes[0].Kind} to the namespace of the service, or make a service of type ExternalName here." : $"Create the service, or correct its name (Edit-LabResource {routes[0].Kind.ToLowerInvariant()}/{routes[0].Name})."),
                .. routes.SelectMany(route => ServiceReview.OfRoute(route, around)),
            ]),
        };
    }

    private async Task<ServiceSurroundings> RouteSurroundingsAsync(IReadOnlyList<LabServiceRoute> routes, CancellationToken cancellation)
    {
        bool any = routes.Any(route => route.Kind == "Ingress");
        List<string> missing = [];
        foreach ((string ns, string secret) in routes.Where(route => route.TlsSecret is not null).Select(route => (route.Namespace, route.TlsSecret!)).Distinct())
        {
            if (!await api.MayExistAsync($"/api/v1/namespaces/{Uri.EscapeDataString(ns)}/secrets/{Uri.EscapeDataString(secret)}", cancellation))
            {
                missing.Add(secret);
            }
        }

        return new ServiceSurroundings { Classes = any ? await ListAsync("ingressclasses.networking.k8s.io", null, cancellation) : null, MissingSecrets = missing };
    }

    private async Task<IReadOnlyList<LabServicePort>> ServiceAsync(JsonObject service, string ns, IReadOnlyList<LabServiceRoute>? only, bool test, CancellationToken cancellation)
    {
        string name = service.Name();
        Task<IReadOnlyList<JsonObject>?> pods = ListAsync("pods", ns, cancellation), slices = ListAsync("endpointslices.discovery.k8s.io", ns, cancellation),
            policies = ListAsync("networkpolicies.networking.k8s.io", ns, cancellation);
        Task<IReadOnlyList<LabServiceRoute>> routing = only is null ? RoutesAsync(null, ns, cancellation) : Task.FromResult(only);
        Task<IReadOnlyList<JsonObject>> workloads = WorkloadsAsync(lists, ns, cancellation);
        await Task.WhenAll(pods, slices, policies, routing, workloads);
        LabServiceRoute[] routes = [.. routing.Result.Where(route => route.Service == name && route.ServiceNamespace == ns)];
        ServiceSurroundings around = (await RouteSurroundingsAsync(routes, cancellation)) with
        {
            Pods = pods.Result,
            Slices = slices.Result is null ? null : [.. slices.Result.Where(slice => slice.Labels()?.Text("kubernetes.io/service-name") == name)],
            Policies = policies.Result,
            Workloads = workloads.Result,
            Routes = routes,
            Elsewhere = await ElsewhereAsync(routing.Result.Where(route => route.Service == name && route.ServiceNamespace != ns), cancellation),
            ExternalMissing = await ExternalMissingAsync(service, cancellation),
        };
        ServiceReview review = new(service, around);
        if (review.Pods.Any(pod => !pod.Holds("Ready")))
        {
            review = new ServiceReview(service, around with { Events = await ListAsync("events", ns, cancellation) ?? [] });
        }

        List<LabServicePort> found = [];
        foreach (JsonObject port in review.Ports)
        {
            LabServicePort made = Port(service, port, review, routes, ns);
            found.Add(test ? await TestedAsync(made, review, port, cancellation) : made);
        }

        return found;
    }

    private LabServicePort Port(JsonObject service, JsonObject port, ServiceReview review, LabServiceRoute[] routes, string ns)
    {
        JsonObject spec = service.Object("spec") ?? [];
        string name = service.Name();
        bool external = review.Type == "ExternalName", hasPort = port["port"] is not null;
        JsonObject[] ports = [.. review.Ports];
        return new LabServicePort
        {
            Name = name,
            Namespace = ns,
            Context = context,
            Type = review.Type,
            Port = (int?)port.Number("port"),
            PortName = port.Text("name"),
            Protocol = hasPort ? PodPorts.Protocol(port) : null,
            AppProtocol = port.Text("appProtocol"),
            TargetPort = hasPort && !external ? PodPorts.Target(port) : null,
            ContainerPort = string.Join(", ", review.Numbers(port)) is { Length: > 0 } numbers ? numbers : null,
            DeclaredPorts = [.. review.Pods.SelectMany(PodPorts.Declared).Select(one => PodPorts.Describe(one.Port, one.Container)).Distinct()],
            NodePort = port.Number("nodePort") is > 0 and var node ? (int)node : null,
            Selector = ResourceParts.Labels(spec.Object("selector")),
            ClusterIPs = [.. spec.Texts("clusterIPs").DefaultIfEmpty(spec.Text("clusterIP") ?? "").Where(address => address is not ("" or "None"))],
            ExternalAddresses =
            [
                .. external ? [spec.Text("externalName") ?? ""]
                    : (service.Object("status")?.Object("loadBalancer")?.Objects("ingress") ?? []).Select(entry => entry.Text("ip") ?? entry.Text("hostname")).OfType<string>().Concat(spec.Texts("externalIPs")),
            ],
            IPFamilies = spec.Texts("ipFamilies"),
            SessionAffinity = spec.Text("sessionAffinity"),
            DnsNames =
            [
                name, $"{name}.{ns}", $"{name}.{ns}.svc.cluster.local",
                .. port.Text("name") is { } named ? [$"_{named}._{PodPorts.Protocol(port).ToLowerInvariant()}.{name}.{ns}.svc.cluster.local"] : Array.Empty<string>(),
                .. review.Type == "Headless"
                    ? review.Pods.Where(pod => pod.Object("spec")?.Text("subdomain") == name && pod.Object("spec")?.Text("hostname") is not null).Select(pod => $"{pod.Object("spec")!.Text("hostname")}.{name}.{ns}.svc.cluster.local")
                    : [],
            ],
            Endpoints = external ? [] : review.Endpoints(port),
            Routes = [.. routes.Where(route => route.Port is null ? ports.Length == 1 || external : route.Port == port.Text("name") || route.Port == $"{port.Number("port")}" || (external && !hasPort))],
            Findings = review.Findings(port),
        };
    }

    private async Task<LabServicePort> TestedAsync(LabServicePort port, ServiceReview review, JsonObject source, CancellationToken cancellation)
    {
        // A pod that is not ready may answer all the same, and why it is not ready is then another matter.
        JsonObject? pod = review.Pods.Where(one => one.Phase() == "Running").OrderByDescending(one => one.Holds("Ready")).FirstOrDefault();
        if (port.Protocol != "TCP" || pod is null || PodPorts.Resolve(pod, source) is not { } number)
        {
            return port;
        }

        LabServiceRoute? route = port.Routes.FirstOrDefault();
        (PortAnswer kind, string text) = await new PortProbe(api).TryAsync(
            port.Namespace, pod.Name(), number, route is { Host: not "*" } ? route.Host : port.Name, route?.Path ?? "/", cancellation);
        LabServiceFinding? found = kind switch
        {
            PortAnswer.Refused => await RefusedAsync(port, review, pod, number, cancellation),
            PortAnswer.Silent => ServiceReview.Find(
                ServiceRule.NoAnswer, $"Port {number} of the pod '{pod.Name()}' accepts connections, and a request was not answered ({text}).", "Check what is spoken on the port (appProtocol), or what the program waits for."),
            _ => null,
        };
        return port with { Answer = text, Findings = found is null ? port.Findings : ServiceReview.Ordered(port.Findings.Append(found)) };
    }

    // The program listens somewhere: most probably where something else says so.
    private async Task<LabServiceFinding> RefusedAsync(LabServicePort port, ServiceReview review, JsonObject pod, long number, CancellationToken cancellation)
    {
        long[] others =
        [
            .. PodPorts.Declared(pod).Where(one => PodPorts.Protocol(one.Port) == "TCP").Select(one => one.Port.Number("containerPort") ?? 0).Concat(PodPorts.Probed(pod))
                .Concat(review.RoutedPorts).Append(port.Port ?? 0).Where(other => other > 0 && other != number).Distinct().Take(MostTried),
        ];
        string elsewhere = "";
        foreach (long other in others)
        {
            if (await new PortProbe(api).TryAsync(port.Namespace, pod.Name(), other, port.Name, "/", cancellation) is { Kind: PortAnswer.Answered, Text: var said })
            {
                elsewhere = $"; port {other} answers ({said})";
                break;
            }
        }

        return ServiceReview.Find(
            ServiceRule.ConnectionRefused,
            $"Nothing listens on port {number} in the pod '{pod.Name()}' (connection refused){(port.DeclaredPorts.Count > 0 ? $"; its containers declare {string.Join(", ", port.DeclaredPorts)}" : "")}{elsewhere}.",
            $"Set targetPort to the port on which the program listens (Edit-LabResource service/{port.Name}); Get-LabPodLog {pod.Name()} may say which.");
    }

    private async Task<IReadOnlyList<LabServiceRoute>> ElsewhereAsync(IEnumerable<LabServiceRoute> routes, CancellationToken cancellation)
    {
        List<LabServiceRoute> found = [];
        foreach (LabServiceRoute route in routes)
        {
            if (await ListAsync("services", route.ServiceNamespace, cancellation) is { } services && !services.Any(service => service.Name() == route.Service))
            {
                found.Add(route);
            }
        }

        return found;
    }

    private async Task<bool> ExternalMissingAsync(JsonObject service, CancellationToken cancellation)
    {
        string[] parts = (service.Object("spec")?.Text("externalName") ?? "").TrimEnd('.').Split('.');
        return parts.Length >= 3 && parts[2] == "svc" && string.Join('.', parts[3..]) is "" or "cluster.local"
            && !await api.MayExistAsync($"/api/v1/namespaces/{Uri.EscapeDataString(parts[1])}/services/{Uri.EscapeDataString(parts[0])}", cancellation);
    }
}
