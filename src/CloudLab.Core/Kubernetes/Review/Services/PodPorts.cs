using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Review.Services;

/// <summary>Ports of a pod, and where the target port of a service is among them (kubernetes <c>pkg/api/v1/pod/util.go</c>, <c>FindPort</c>).</summary>
internal static class PodPorts
{
    /// <summary>Where a service sends to.</summary>
    /// <param name="port">A port of a service.</param>
    /// <returns>A number as text, or a name.</returns>
    public static string Target(JsonObject port) => port["targetPort"] is JsonValue target && target.ToString() is not ("" or "0") and var text ? text : $"{port.Number("port")}";

    /// <summary>Whether it is a name.</summary>
    /// <param name="port">A port of a service.</param>
    /// <returns>True for a name.</returns>
    public static bool IsNamed(JsonObject port) => port["targetPort"] is JsonValue target && target.GetValueKind() == JsonValueKind.String;

    /// <summary>Its protocol.</summary>
    /// <param name="port">A port of a service, a container or a policy.</param>
    /// <returns>TCP if it says nothing.</returns>
    public static string Protocol(JsonObject port) => port.Text("protocol") ?? "TCP";

    /// <summary>The ports that containers declare; init containers only where they go on running.</summary>
    /// <param name="pod">The pod.</param>
    /// <returns>Each with its container.</returns>
    public static IEnumerable<(JsonObject Port, string Container)> Declared(JsonObject pod) =>
        from container in PodTemplate.Running(pod.Object("spec") ?? [])
        from port in container.Objects("ports")
        select (port, container.Text("name") ?? "");

    /// <summary>The number of a named port.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="name">The name.</param>
    /// <param name="protocol">Its protocol; null for any.</param>
    /// <returns>The number; null where no container has it.</returns>
    public static long? Named(JsonObject pod, string name, string? protocol) =>
        Declared(pod).Where(one => one.Port.Text("name") == name && (protocol is null || Protocol(one.Port) == protocol)).Select(one => one.Port.Number("containerPort")).FirstOrDefault();

    /// <summary>Where in a pod a service sends to.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="port">A port of the service.</param>
    /// <returns>The number; null where no container has the name.</returns>
    public static long? Resolve(JsonObject pod, JsonObject port) =>
        IsNamed(port) ? Named(pod, Target(port), Protocol(port)) : long.Parse(Target(port), CultureInfo.InvariantCulture);

    /// <summary>The ports that probes of a pod ask, which therefore have to answer.</summary>
    /// <param name="pod">The pod.</param>
    /// <returns>Their numbers.</returns>
    public static IEnumerable<long> Probed(JsonObject pod) =>
        from container in PodTemplate.Containers(pod.Object("spec") ?? [])
        from probe in new[] { "readinessProbe", "livenessProbe", "startupProbe" }.Select(container.Object).OfType<JsonObject>()
        from way in new[] { "httpGet", "tcpSocket", "grpc" }.Select(probe.Object).OfType<JsonObject>()
        let number = way.Number("port") ?? (way.Text("port") is { } name ? Named(pod, name, "TCP") : null)
        where number is not null
        select number.Value;

    /// <summary>A declared port for people.</summary>
    /// <param name="port">The port.</param>
    /// <param name="container">Its container.</param>
    /// <returns><c>http 8080/TCP (web)</c>.</returns>
    public static string Describe(JsonObject port, string container) =>
        $"{(port.Text("name") is { } name ? name + " " : "")}{port.Number("containerPort")}/{Protocol(port)} ({container})";

    /// <summary>Whether network policies admit a port of a pod, from wherever.</summary>
    /// <param name="policies">The policies of its namespace.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="number">The port.</param>
    /// <param name="protocol">Its protocol.</param>
    /// <returns>The policies that select the pod where none of them admits the port; none where it is admitted.</returns>
    public static IReadOnlyList<string> Blocking(IReadOnlyList<JsonObject> policies, JsonObject pod, long number, string protocol)
    {
        JsonObject[] own =
        [
            .. from policy in policies
               let spec = policy.Object("spec") ?? []
               // Ingress is meant wherever nothing is said.
               where !spec.Texts("policyTypes").Any() || spec.Texts("policyTypes").Contains("Ingress")
               where LabelMatch.BySelector(spec.Object("podSelector") ?? [], pod.Labels())
               select policy,
        ];
        return own.SelectMany(policy => policy.Object("spec")!.Objects("ingress")).Any(Admits) ? [] : [.. own.Select(policy => policy.Name())];

        bool Admits(JsonObject rule) => !rule.Objects("ports").Any() || rule.Objects("ports").Any(port =>
            Protocol(port) == protocol
            && (port["port"] is null || (port.Text("port") is { } name ? Named(pod, name, protocol) == number : port.Number("port") <= number && number <= (port.Number("endPort") ?? port.Number("port")))));
    }
}
