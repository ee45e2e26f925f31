using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Review.Services;

/// <summary>A port of a service, from its name to the addresses that answer, and what is wrong on the way.</summary>
public sealed record LabServicePort
{
    /// <summary>What <see cref="Name"/> is the name of: <c>Service</c>.</summary>
    public string Kind => "Service";

    /// <summary>Name of the service.</summary>
    public required string Name { get; init; }

    /// <summary>Namespace of the service.</summary>
    public required string Namespace { get; init; }

    /// <summary>Context of the kubeconfig that it was read with; null in a pod.</summary>
    public string? Context { get; init; }

    /// <summary><c>ClusterIP</c>, <c>NodePort</c>, <c>LoadBalancer</c>, <c>ExternalName</c> or <c>Headless</c>; null where the service does not exist.</summary>
    public string? Type { get; init; }

    /// <summary>The port of the service; null where it has none.</summary>
    public int? Port { get; init; }

    /// <summary>Name of the port.</summary>
    public string? PortName { get; init; }

    /// <summary><c>TCP</c>, <c>UDP</c> or <c>SCTP</c>.</summary>
    public string? Protocol { get; init; }

    /// <summary>What is spoken on the port, where the service says so: <c>http</c>, <c>kubernetes.io/h2c</c>.</summary>
    public string? AppProtocol { get; init; }

    /// <summary>Where the service sends to: a number, or the name of a port of the containers.</summary>
    public string? TargetPort { get; init; }

    /// <summary>The number that this is in the pods; several where the pods differ, null where no container has the name.</summary>
    public string? ContainerPort { get; init; }

    /// <summary>All ports that the containers of the pods declare: <c>http 8080/TCP (web)</c>.</summary>
    public IReadOnlyList<string> DeclaredPorts { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>The port on each node; null where it has none.</summary>
    public int? NodePort { get; init; }

    /// <summary>Labels of the pods that the service selects; null where it has no selector.</summary>
    public string? Selector { get; init; }

    /// <summary>Addresses of the service in the cluster, one for each family.</summary>
    public IReadOnlyList<string> ClusterIPs { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Addresses from outside, or the name that the service stands for.</summary>
    public IReadOnlyList<string> ExternalAddresses { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary><c>IPv4</c>, <c>IPv6</c>, or both.</summary>
    public IReadOnlyList<string> IPFamilies { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary><c>None</c>, or <c>ClientIP</c> where a client stays with its pod.</summary>
    public string? SessionAffinity { get; init; }

    /// <summary>Names in the DNS of the cluster, whose domain is taken to be <c>cluster.local</c>.</summary>
    public IReadOnlyList<string> DnsNames { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>The addresses behind the port, those of pods that are not ready, too.</summary>
    public IReadOnlyList<LabServiceEndpoint> Endpoints { get; init => field = TextList.Of(value); } = TextList.Of<LabServiceEndpoint>([]);

    /// <summary>How many of them are ready.</summary>
    public int Ready => Endpoints.Count(one => one.Ready);

    /// <summary>How many are not.</summary>
    public int NotReady => Endpoints.Count - Ready;

    /// <summary>Rules of Ingresses and HTTPRoutes that lead to the port.</summary>
    public IReadOnlyList<LabServiceRoute> Routes { get; init => field = TextList.Of(value); } = TextList.Of<LabServiceRoute>([]);

    /// <summary>The URLs of these rules.</summary>
    public IReadOnlyList<string> Urls => TextList.Of<string>([.. Routes.Select(route => route.Url).Distinct()]);

    /// <summary>What answered where a connection was tried: <c>HTTP/1.1 200 OK</c>; null where none was.</summary>
    public string? Answer { get; init; }

    /// <summary>What is wrong, the most important first.</summary>
    public IReadOnlyList<LabServiceFinding> Findings { get; init => field = TextList.Of(value); } = TextList.Of<LabServiceFinding>([]);

    /// <summary>Message of the first finding; null where nothing is wrong.</summary>
    public string? Cause => Findings.FirstOrDefault()?.Message;

    /// <summary>What to do about it.</summary>
    public string? Action => Findings.FirstOrDefault()?.Action;

    /// <inheritdoc/>
    public override string ToString() => $"{Name}.{Namespace}:{Port}";
}

/// <summary>An address behind a service.</summary>
public sealed record LabServiceEndpoint
{
    /// <summary>Address and port; the address of a pod alone where the port is not known, null where it has none.</summary>
    public string? Address { get; init; }

    /// <summary>The pod; null where it is another host.</summary>
    public string? Pod { get; init; }

    /// <summary>Its node.</summary>
    public string? Node { get; init; }

    /// <summary>Whether the service sends to it.</summary>
    public required bool Ready { get; init; }

    /// <summary>Whether its pod is being deleted.</summary>
    public bool Terminating { get; init; }

    /// <summary>Why it is not ready; null where it is.</summary>
    public string? Reason { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Pod ?? Address}{(Ready ? "" : $" (not ready{(Reason is null ? "" : ": " + Reason)})")}";
}

/// <summary>A rule of an Ingress or HTTPRoute that leads to a service.</summary>
public sealed record LabServiceRoute
{
    /// <summary><c>Ingress</c> or <c>HTTPRoute</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Name of the object.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The ingress class, or the gateway.</summary>
    public string? Class { get; init; }

    /// <summary>The host; <c>*</c> for any.</summary>
    public required string Host { get; init; }

    /// <summary>The path.</summary>
    public required string Path { get; init; }

    /// <summary><c>Exact</c>, <c>Prefix</c>, <c>ImplementationSpecific</c>, <c>RegularExpression</c>, or <c>Default</c> for what no other rule takes.</summary>
    public required string PathType { get; init; }

    /// <summary>Name of the service that it leads to.</summary>
    public required string Service { get; init; }

    /// <summary>The port that it names: a number or a name.</summary>
    public string? Port { get; init; }

    /// <summary>Where to find it from outside.</summary>
    public required string Url { get; init; }

    /// <summary>Namespace of the service.</summary>
    internal string ServiceNamespace { get; init; } = "";

    /// <summary>The secret with the certificate of the host; null where it has none.</summary>
    internal string? TlsSecret { get; init; }

    /// <summary>The object.</summary>
    internal JsonObject Source { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => $"{Url} ({Kind} {Name})";
}

/// <summary>Something that is wrong between a name and the pods that answer: High where nothing answers. docs/service-review.md describes the rules.</summary>
public sealed record LabServiceFinding : Finding
{
    /// <inheritdoc/>
    public override string ToString() => base.ToString();
}
