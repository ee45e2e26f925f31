using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Core.Kubernetes.Review.Services;

/// <summary>What a review of a service looks at. Null is what could not be read; nothing is said that would need it.</summary>
internal sealed record ServiceSurroundings
{
    /// <summary>Pods of the namespace.</summary>
    public IReadOnlyList<JsonObject>? Pods { get; init; }

    /// <summary>EndpointSlices of the service.</summary>
    public IReadOnlyList<JsonObject>? Slices { get; init; }

    /// <summary>Deployments, StatefulSets, DaemonSets and bare ReplicaSets of the namespace.</summary>
    public IReadOnlyList<JsonObject>? Workloads { get; init; }

    /// <summary>Network policies of the namespace.</summary>
    public IReadOnlyList<JsonObject>? Policies { get; init; }

    /// <summary>Ingress classes of the cluster.</summary>
    public IReadOnlyList<JsonObject>? Classes { get; init; }

    /// <summary>Rules that lead to the service.</summary>
    public IReadOnlyList<LabServiceRoute> Routes { get; init; } = [];

    /// <summary>Rules of other namespaces that name a service of this name, which is not there.</summary>
    public IReadOnlyList<LabServiceRoute> Elsewhere { get; init; } = [];

    /// <summary>Secrets of certificates that do not exist.</summary>
    public IReadOnlyList<string> MissingSecrets { get; init; } = [];

    /// <summary>Whether externalName leads to a service of the cluster that does not exist.</summary>
    public bool ExternalMissing { get; init; }

    /// <summary>Events of the namespace.</summary>
    public IReadOnlyList<JsonObject> Events { get; init; } = [];
}

/// <summary>Judges a service, port by port. Pure: it asks no cluster.</summary>
internal sealed class ServiceReview
{
    private const int MostNamed = 3;

    private readonly JsonObject service, spec;
    private readonly ServiceSurroundings around;
    private readonly JsonObject[] ports, pods;
    private readonly ILookup<string, JsonObject> events;
    private readonly string name;

    /// <summary>Prepares a review.</summary>
    /// <param name="service">The service.</param>
    /// <param name="around">What is around it.</param>
    public ServiceReview(JsonObject service, ServiceSurroundings around)
    {
        (this.service, this.around) = (service, around);
        spec = service.Object("spec") ?? [];
        name = service.Name();
        ports = [.. spec.Objects("ports")];
        events = ObjectEvents.ByObject(around.Events);
        // What has ended is no endpoint any more.
        pods = spec.Object("selector") is { Count: > 0 } selector
            ? [.. (around.Pods ?? []).Where(pod => pod.Phase() is not ("Succeeded" or "Failed") && LabelMatch.ByMap(selector, pod.Labels()))]
            : [];
    }

    /// <summary>Type, as people say it.</summary>
    public string Type => IsHeadless ? "Headless" : spec.Text("type") ?? "ClusterIP";

    /// <summary>Pods that it selects.</summary>
    public IReadOnlyList<JsonObject> Pods => pods;

    /// <summary>Its ports, or one that is empty where it has none.</summary>
    public IReadOnlyList<JsonObject> Ports => ports.Length > 0 ? ports : [[]];

    /// <summary>The numbers that rules name, rightly or not.</summary>
    public IEnumerable<long> RoutedPorts => around.Routes.Select(route => long.TryParse(route.Port, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0);

    private bool IsHeadless => spec.Text("clusterIP") == "None";

    private bool IsExternal => spec.Text("type") == "ExternalName";

    private bool HasSelector => spec.Object("selector") is { Count: > 0 };

    /// <summary>The numbers of a port in the pods.</summary>
    /// <param name="port">A port of the service.</param>
    /// <returns>One, several where the pods differ; none where no container has the name.</returns>
    public IReadOnlyList<long> Numbers(JsonObject port) =>
        IsExternal || port["port"] is null ? []
        : HasSelector ? [.. pods.Select(pod => PodPorts.Resolve(pod, port)).OfType<long>().DefaultIfEmpty(PodPorts.IsNamed(port) ? -1 : long.Parse(PodPorts.Target(port), CultureInfo.InvariantCulture)).Distinct().Where(number => number > 0).Order()]
        : [.. SlicePorts(port).Select(one => one.Number("port")).OfType<long>().Distinct().Order()];

    /// <summary>The addresses behind a port.</summary>
    /// <param name="port">A port of the service.</param>
    /// <returns>Ready ones first.</returns>
    public IReadOnlyList<LabServiceEndpoint> Endpoints(JsonObject port)
    {
        List<LabServiceEndpoint> found = [];
        foreach (JsonObject slice in around.Slices ?? [])
        {
            JsonObject? own = slice.Objects("ports").FirstOrDefault(one => (one.Text("name") ?? "") == (port.Text("name") ?? ""));
            if (own is null && slice.Objects("ports").Any())
            {
                continue;
            }

            foreach (JsonObject endpoint in slice.Objects("endpoints"))
            {
                JsonObject conditions = endpoint.Object("conditions") ?? [];
                string? pod = endpoint.Object("targetRef") is { } target && target.Text("kind") == "Pod" ? target.Text("name") : null;
                bool ready = conditions["ready"] is null || conditions.Flag("ready");
                found.AddRange(endpoint.Texts("addresses").Select(address => new LabServiceEndpoint
                {
                    Address = own?.Number("port") is { } number ? $"{(address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address)}:{number}" : address,
                    Pod = pod, Node = endpoint.Text("nodeName"), Ready = ready && own is not null, Terminating = conditions.Flag("terminating"),
                    Reason = ready && own is not null ? null : own is null ? "it has no such port" : Why(pods.FirstOrDefault(one => one.Name() == pod)),
                }));
            }
        }

        // A pod that has no address yet, or not this port, is in no slice.
        found.AddRange(pods.Where(pod => !found.Exists(one => one.Pod == pod.Name())).Select(pod => new LabServiceEndpoint
        {
            Address = pod.Object("status")?.Text("podIP"), Pod = pod.Name(), Node = pod.Object("spec")?.Text("nodeName"), Ready = false, Terminating = pod.IsLeaving(),
            Reason = pod.Holds("Ready") && !pod.IsLeaving() ? PodPorts.Resolve(pod, port) is null && port["port"] is not null ? $"no container has a port '{PodPorts.Target(port)}'" : "its EndpointSlices do not have it" : Why(pod),
        }));
        return [.. found.OrderByDescending(one => one.Ready).ThenBy(one => one.Pod ?? one.Address, StringComparer.Ordinal)];
    }

    /// <summary>What is wrong with a port, and with the service as a whole.</summary>
    /// <param name="port">A port of the service.</param>
    /// <returns>Findings, the most important first.</returns>
    public IReadOnlyList<LabServiceFinding> Findings(JsonObject port)
    {
        IEnumerable<LabServiceFinding> found = Routed(port);
        found = IsExternal ? found.Concat(External())
            : !HasSelector ? found.Concat(WithoutSelector(port))
            : around.Pods is null ? found
            : pods.Length == 0 ? found.Append(Unselective())
            : found.Concat(Selected()).Concat(Target(port));
        return Ordered(found.Concat(Outside()));
    }

    /// <summary>Findings in their order.</summary>
    /// <param name="found">Findings in no order.</param>
    /// <returns>The most important first.</returns>
    public static IReadOnlyList<LabServiceFinding> Ordered(IEnumerable<LabServiceFinding> found)
    {
        string[] order = [.. ServiceRule.All.Select(rule => rule.Id)];
        return [.. found.Distinct().OrderByDescending(one => one.Severity).ThenBy(one => Array.IndexOf(order, one.Rule))];
    }

    /// <summary>A finding.</summary>
    /// <param name="rule">Its rule.</param>
    /// <param name="message">What is wrong.</param>
    /// <param name="action">What to do.</param>
    /// <returns>The finding.</returns>
    public static LabServiceFinding Find(ServiceRule rule, string message, string action) => new() { Rule = rule.Id, Severity = rule.Severity, Message = message, Action = action };


    private static string Several(IEnumerable<string> names) => SomeOf.Names(names.Distinct(), MostNamed);

    private static string Labels(JsonObject? labels) => ResourceParts.Labels(labels) ?? "no labels";

    private string Edit(string what) => $"{what} (Edit-LabResource service/{name}).";

    private IEnumerable<JsonObject> SlicePorts(JsonObject port) =>
        (around.Slices ?? []).SelectMany(slice => slice.Objects("ports")).Where(one => (one.Text("name") ?? "") == (port.Text("name") ?? ""));

    // What Debug-LabPod would say first.
    private LabPodFinding? Trouble(JsonObject pod) => PodFindings.Of(pod, [.. events[pod.Uid() ?? ""]])
        .Where(one => one.Severity > FindingSeverity.Low).OrderByDescending(one => one.Severity).ThenByDescending(one => one.Rank).FirstOrDefault();

    private string? Why(JsonObject? pod) =>
        pod is null ? null
        : pod.IsLeaving() ? "it is being deleted"
        : (Trouble(pod)?.Message ?? ResourceSummary.Troubles(pod).FirstOrDefault() ?? ResourceSummary.Of("Pod", pod).State)?.TrimEnd('.');

    private LabServiceFinding Unselective()
    {
        JsonObject selector = spec.Object("selector")!;
        JsonObject[] workloads = [.. around.Workloads ?? []];
        if (Array.Find(workloads, one => LabelMatch.ByMap(selector, PodTemplate.Of(one)?.Labels())) is { } empty)
        {
            string kind = empty.Text("kind") ?? "workload";
            bool zero = empty.Object("spec")?.Number("replicas") == 0;
            string why = zero ? "it is scaled to 0" : empty.Condition("ReplicaFailure")?.Text("message")?.TrimEnd('.') ?? $"Debug-LabPod {kind}/{empty.Name()} says why";
            return Find(ServiceRule.NoPods, $"The service '{name}' selects the pods of {kind}/{empty.Name()}, which has none: {why}.",
                zero ? $"Set-LabScale {kind}/{empty.Name()} -Replicas 1." : $"Correct what keeps {kind}/{empty.Name()} from having pods.");
        }

        // The one that has most of it is the one that is probably meant: a pod template before a pod, which is made from it.
        (string What, JsonObject Labels)[] candidates =
        [
            .. workloads.Select(one => ($"{one.Text("kind")}/{one.Name()}", PodTemplate.Of(one)?.Labels() ?? [])),
            .. (around.Pods ?? []).Select(pod => ($"pod/{pod.Name()}", pod.Labels() ?? [])),
        ];
        (string What, JsonObject Labels, int Score) near = candidates
            .Select(one => (one.What, one.Labels, Score: selector.Sum(want => JsonNode.DeepEquals(one.Labels[want.Key], want.Value) ? 4 : one.Labels.ContainsKey(want.Key) ? 2 : 0)
                + (one.Labels.Any(label => selector.Any(want => NearestNames.Find(want.Key, [label.Key]) is not null || NearestNames.Find($"{want.Value}", [$"{label.Value}"]) is not null)) ? 1 : 0)))
            .Where(one => one.Score > 0).OrderByDescending(one => one.Score).FirstOrDefault();
        string hint = near.What is null ? "" : "; " + string.Join(", ", selector.Where(want => !JsonNode.DeepEquals(near.Labels[want.Key], want.Value))
            .Select(want => near.Labels.ContainsKey(want.Key) ? $"{near.What} has {want.Key}={near.Labels[want.Key]} there" : $"{near.What} has no label {want.Key} (it has {Labels(near.Labels)})"));
        return Find(ServiceRule.SelectorMatchesNothing, $"The service '{name}' selects {Labels(selector)}, which no pod of the namespace has, so it has no endpoints{hint}.",
            Edit(near.What is null ? "Correct spec.selector" : "Correct spec.selector, or the labels of the pod template"));
    }

    private IEnumerable<LabServiceFinding> Selected()
    {
        JsonObject[] live = [.. pods.Where(pod => !pod.IsLeaving())], waiting = [.. live.Where(pod => !pod.Holds("Ready"))];
        bool published = spec.Flag("publishNotReadyAddresses");
        string reasons = string.Join("; ", waiting.Take(MostNamed).Select(pod => $"{pod.Name()}: {Why(pod)}")) + (waiting.Length > MostNamed ? $"; and {waiting.Length - MostNamed} more" : "");
        string action = waiting.Select(Trouble).OfType<LabPodFinding>().FirstOrDefault()?.Action ?? $"Correct what keeps the pods from being ready (Debug-LabPod svc/{name}).";
        if (live.Length == 0)
        {
            yield return Find(ServiceRule.OnlyTerminating, $"All pods of the service '{name}' are being deleted: {Several(pods.Select(ObjectMetadata.Name))}.", "Wait for new pods, or find out who deletes them (Get-LabEvent).");
        }
        else if (waiting.Length > 0 && published)
        {
            yield return Find(ServiceRule.NotReadyPublished, $"The service '{name}' publishes addresses of pods that are not ready ({reasons}).", Edit("Remove publishNotReadyAddresses unless the pods have to find each other before they are ready"));
        }
        else if (waiting.Length == live.Length)
        {
            yield return Find(ServiceRule.NoReadyEndpoints, $"{(live.Length == 1 ? "The only pod of the service is not ready" : $"None of the {live.Length} pods of the service is ready")}: {reasons}.", action);
        }
        else if (waiting.Length > 0)
        {
            yield return Find(ServiceRule.SomeNotReady, $"{waiting.Length} of {live.Length} pods of the service are not ready: {reasons}.", action);
        }
        else if (around.Slices is { } slices && !slices.SelectMany(slice => slice.Objects("endpoints")).Any())
        {
            yield return Find(ServiceRule.EndpointsMissing, $"{live.Length} pods of the service '{name}' are ready, and its EndpointSlices have no address.", "See whether the controller manager runs (Get-LabResource leases -Namespace kube-system), and look again.");
        }

        string[] owners = [.. live.Select(OwnerOf).Distinct().Order(StringComparer.Ordinal)];
        if (owners.Length > 1)
        {
            yield return Find(ServiceRule.SeveralWorkloads, $"The selector {Labels(spec.Object("selector"))} matches pods of {owners.Length} workloads: {Several(owners)}.", Edit("Add a label that only one of them has, unless this is a canary"));
        }

        string[] missing = [.. spec.Texts("ipFamilies").Where(family => around.Slices is { } all && all.Any(slice => slice.Objects("endpoints").Any())
            && !all.Any(slice => slice.Text("addressType") == family && slice.Objects("endpoints").Any()))];
        if (missing.Length > 0)
        {
            yield return Find(ServiceRule.FamilyWithoutEndpoints, $"The service has an {missing[0]} address, and none of its pods has one.", Edit($"Set ipFamilyPolicy to SingleStack without {missing[0]}, or give the nodes addresses of both families"));
        }
    }

    // The ReplicaSet of a Deployment has its name and the hash that the pods carry.
    private static string OwnerOf(JsonObject pod)
    {
        if (ResourceParts.Owner(pod) is not { } owner)
        {
            return "pods without a controller";
        }

        string? hash = pod.Labels()?.Text("pod-template-hash");
        return hash is not null && owner.StartsWith("ReplicaSet/", StringComparison.Ordinal) && owner.EndsWith("-" + hash, StringComparison.Ordinal)
            ? "Deployment/" + owner["ReplicaSet/".Length..^(hash.Length + 1)] : owner;
    }

    private IEnumerable<LabServiceFinding> Target(JsonObject port)
    {
        if (port["port"] is null)
        {
            yield break;
        }

        string target = PodPorts.Target(port), protocol = PodPorts.Protocol(port);
        string has = Several(pods.SelectMany(PodPorts.Declared).Select(one => PodPorts.Describe(one.Port, one.Container)));
        JsonObject[] other = PodPorts.IsNamed(port)
            ? [.. pods.Where(pod => PodPorts.Named(pod, target, protocol) is null && PodPorts.Named(pod, target, null) is not null)]
            : [.. pods.Where(pod => PodPorts.Declared(pod).Where(one => $"{one.Port.Number("containerPort")}" == target).ToList() is { Count: > 0 } same && same.TrueForAll(one => PodPorts.Protocol(one.Port) != protocol))];
        if (other.Length == pods.Length)
        {
            yield return Find(ServiceRule.ProtocolMismatch, $"Port {port.Number("port")}/{protocol} of the service leads to {target}/{protocol}; the containers declare {has}.", Edit($"Set protocol of the port to that of the container, or the other way round"));
            yield break;
        }

        if (PodPorts.IsNamed(port))
        {
            JsonObject[] without = [.. pods.Where(pod => PodPorts.Resolve(pod, port) is null)];
            if (without.Length == pods.Length)
            {
                string[] names = [.. pods.SelectMany(PodPorts.Declared).Select(one => one.Port.Text("name")).OfType<string>().Distinct()];
                yield return Find(ServiceRule.TargetPortMissing,
                    $"Port {port.Number("port")} of the service leads to the port '{target}', which no container of its pods has: they declare {(has.Length == 0 ? "no ports" : has)}.{NearestNames.Say(target, names)}",
                    Edit("Name the port in the container's ports, or correct targetPort"));
            }
            else if (without.Length > 0)
            {
                yield return Find(ServiceRule.TargetPortDiffers, $"{without.Length} of {pods.Length} pods have no port '{target}', so port {port.Number("port")} of the service sends nothing to them: {Several(without.Select(ObjectMetadata.Name))}.", "Name the port in the containers of these pods, too.");
            }
            else if (Numbers(port).Count > 1)
            {
                yield return Find(ServiceRule.TargetPortDiffers, $"The port '{target}' is {string.Join(" in some pods, and in others ", Numbers(port))}.", "Make it the same in all pod templates, unless a rollout is on its way.") with { Severity = FindingSeverity.Low };
            }
        }
        else if (pods.SelectMany(PodPorts.Declared).Any() || pods.SelectMany(PodPorts.Probed).Any())
        {
            long number = long.Parse(target, CultureInfo.InvariantCulture);
            if (!pods.SelectMany(PodPorts.Declared).Any(one => one.Port.Number("containerPort") == number) && !pods.SelectMany(PodPorts.Probed).Contains(number))
            {
                string probes = string.Join(", ", pods.SelectMany(PodPorts.Probed).Distinct());
                yield return Find(ServiceRule.TargetPortNotDeclared,
                    $"Port {port.Number("port")} of the service leads to {target}, which no container of its pods declares{(has.Length > 0 ? $": they declare {has}" : "")}{(probes.Length > 0 ? $"; probes ask {probes}" : "")}.",
                    Edit("Correct targetPort") + $" Resolve-LabService {name} -Test shows whether anything listens there.");
            }
        }

        if (IsHeadless && Numbers(port) is [var only] && only != port.Number("port"))
        {
            yield return Find(ServiceRule.HeadlessPortDiffers, $"The service is headless, so clients of {name}:{port.Number("port")} reach port {port.Number("port")} of the pods; they listen on {only}.", Edit($"Set port to {only}"));
        }

        string[] blocking = [.. pods.SelectMany(pod => PodPorts.Resolve(pod, port) is { } at ? PodPorts.Blocking(around.Policies ?? [], pod, at, protocol) : []).Distinct()];
        if (blocking.Length > 0)
        {
            yield return Find(ServiceRule.PolicyBlocks, $"The network polic{(blocking.Length == 1 ? "y" : "ies")} {Several(blocking)} select{(blocking.Length == 1 ? "s" : "")} the pods, and no rule admits {string.Join(", ", Numbers(port))}/{protocol}.", $"Add an ingress rule with the port of the pods (Edit-LabResource networkpolicy/{blocking[0]}).");
        }
    }

    private IEnumerable<LabServiceFinding> WithoutSelector(JsonObject port)
    {
        if (around.Slices is not { } slices)
        {
            yield break;
        }

        if (!slices.SelectMany(slice => slice.Objects("endpoints")).Any())
        {
            yield return Find(ServiceRule.NoEndpoints, $"The service '{name}' has no selector and no EndpointSlice with addresses.", Edit("Give it a selector") + $" Or write an EndpointSlice with the label kubernetes.io/service-name={name}.");
        }
        else if (port["port"] is not null && !SlicePorts(port).Any())
        {
            string has = Several(slices.SelectMany(slice => slice.Objects("ports")).Select(one => $"{(one.Text("name") is { } text ? $"'{text}'" : "without a name")} ({one.Number("port")})"));
            yield return Find(ServiceRule.EndpointPortMismatch, $"Port {port.Number("port")} of the service {(port.Text("name") is { } own ? $"is named '{own}'" : "has no name")}; its EndpointSlices have ports {has}.", "Give the port the same name in both.");
        }
        else if (!Endpoints(port).Any(one => one.Ready))
        {
            yield return Find(ServiceRule.NoReadyEndpoints, $"None of the addresses of the EndpointSlices is ready: {Several(Endpoints(port).Select(one => one.Address ?? ""))}.", "Set conditions.ready to true where something answers.");
        }
    }

    private IEnumerable<LabServiceFinding> External()
    {
        string target = spec.Text("externalName") ?? "";
        if (IPAddress.TryParse(target, out _))
        {
            yield return Find(ServiceRule.ExternalNameIsAddress, $"externalName is {target}, which is an address; a CNAME record needs a name.", $"Make a service without a selector, and an EndpointSlice with the address {target}.");
        }
        else if (around.ExternalMissing)
        {
            yield return Find(ServiceRule.ExternalNameMissing, $"externalName is {target}, and there is no such service.", Edit("Correct externalName"));
        }
    }

    private IEnumerable<LabServiceFinding> Outside()
    {
        if (spec.Text("type") == "LoadBalancer" && !spec.Texts("externalIPs").Any() && !(service.Object("status")?.Object("loadBalancer")?.Objects("ingress") ?? []).Any())
        {
            string nodes = Several(ports.Select(one => one.Number("nodePort")).Where(one => one > 0).Select(one => $"{one}"));
            yield return Find(ServiceRule.LoadBalancerPending,
                $"The load balancer of the service '{name}' has no address{(spec.Text("loadBalancerClass") is { } its ? $" (class {its})" : "")}{(nodes.Length > 0 ? $"; it can be reached on the nodes at port {nodes}" : "")}.",
                $"See what its controller says (Get-LabEvent service/{name}); without one, use type NodePort.");
        }
    }

    private IEnumerable<LabServiceFinding> Routed(JsonObject port)
    {
        foreach (LabServiceRoute route in around.Routes)
        {
            JsonObject? named = route.Port is null ? null : Array.Find(ports, one => one.Text("name") == route.Port || $"{one.Number("port")}" == route.Port);
            string what = $"{route.Kind}/{route.Name}";
            if (route.Port is not null && named is null && !IsExternal)
            {
                bool container = ports.Any(one => PodPorts.Target(one) == route.Port || Numbers(one).Any(number => $"{number}" == route.Port));
                yield return Find(ServiceRule.IngressPortMissing,
                    $"{what} leads {route.Url} to port {route.Port} of the service, which has {Several(ports.Select(one => $"{one.Number("port")}{(one.Text("name") is { } own ? $" ({own})" : "")}"))}{(container ? $"; {route.Port} is the port of the containers" : "")}.",
                    $"Correct the port of the backend (Edit-LabResource {route.Kind.ToLowerInvariant()}/{route.Name}).");
            }

            if (named is not null && named != port)
            {
                continue;
            }

            foreach (LabServiceFinding one in OfRoute(route, around))
            {
                yield return one;
            }

            if (route.Kind == "Ingress" && (IsHeadless || IsExternal))
            {
                yield return Find(ServiceRule.IngressHeadless, $"{what} leads {route.Url} to a service that is {(IsExternal ? "an ExternalName" : "headless")}.", IsExternal ? "Check that the controller allows it, or make a service without a selector." : "Check that the controller goes to the pods directly, or give the service an address.");
            }
        }

        foreach (LabServiceRoute route in around.Elsewhere)
        {
            yield return Find(ServiceRule.IngressElsewhere, $"{route.Kind}/{route.Name} in namespace {route.Namespace} leads {route.Url} to a service '{name}', which does not exist there.", $"If this service is meant, move the {route.Kind} into its namespace.");
        }
    }

    /// <summary>What is wrong with a rule itself, whatever it leads to.</summary>
    /// <param name="route">The rule.</param>
    /// <param name="around">Classes, and secrets that are missing.</param>
    /// <returns>Findings.</returns>
    public static IEnumerable<LabServiceFinding> OfRoute(LabServiceRoute route, ServiceSurroundings around)
    {
        string what = $"{route.Kind}/{route.Name}";
        if (route.Kind == "HTTPRoute")
        {
            foreach (JsonObject condition in (route.Source.Object("status")?.Objects("parents") ?? []).SelectMany(parent => parent.Objects("conditions"))
                .Where(one => one.Text("type") is "Accepted" or "ResolvedRefs" && one.Text("status") == "False"))
            {
                yield return Find(ServiceRule.RouteRefused, $"{what}: {condition.Text("type")} is False ({condition.Text("reason")}: {condition.Text("message")?.TrimEnd('.')}).", "Correct what the gateway names.");
            }

            yield break;
        }

        // The annotation is older than the objects, and controllers that read it need none.
        bool annotated = route.Source.Object("spec")?.Text("ingressClassName") is null && route.Class is not null;
        if (around.Classes is { } classes && !annotated)
        {
            if (route.Class is not null && !classes.Any(one => one.Name() == route.Class))
            {
                yield return Find(ServiceRule.IngressClassMissing, $"{what} has the class '{route.Class}', which does not exist{(classes.Count == 0 ? "; the cluster has none" : $"; there is {Several(classes.Select(ObjectMetadata.Name))}")}.", $"Correct ingressClassName (Edit-LabResource ingress/{route.Name}), or install the controller.");
            }
            else if (route.Class is null && !classes.Any(one => one.Object("metadata")?.Object("annotations")?.Text("ingressclass.kubernetes.io/is-default-class") == "true"))
            {
                yield return Find(ServiceRule.IngressClassMissing, $"{what} has no class, and no class is the default{(classes.Count == 0 ? "; the cluster has none" : $"; there is {Several(classes.Select(ObjectMetadata.Name))}")}.", $"Set ingressClassName (Edit-LabResource ingress/{route.Name}).") with { Severity = FindingSeverity.Medium };
            }
        }

        if (route.TlsSecret is not null && around.MissingSecrets.Contains(route.TlsSecret))
        {
            yield return Find(ServiceRule.TlsSecretMissing, $"The certificate of {what} for {route.Host} is the secret '{route.TlsSecret}', which does not exist.", "Create the secret (kubernetes.io/tls), or correct its name.");
        }
    }
}
