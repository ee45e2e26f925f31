using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Review.Manifests.Rules;

/// <summary>Rules about Services.</summary>
internal static class ServiceRules
{
    private const int FirstNodePort = 30000, LastNodePort = 32767;

    private static readonly string[] Protocols = ["TCP", "UDP", "SCTP"];

    /// <summary>The checks.</summary>
    internal static IReadOnlyList<ManifestCheck> Checks { get; } = [Selectors, TargetPorts, Names, NodePorts, Types];

    private static IEnumerable<ReviewedObject> Services(ReviewedSet set) => set.OfKind("Service").Where(one => one.Group.Length == 0);

    private static IEnumerable<LabManifestFinding> Selectors(ReviewedSet set)
    {
        ReviewedObject[] owners = [.. set.PodOwners()];
        ReviewedObject[] services = [.. Services(set)];
        foreach (ReviewedObject one in services)
        {
            if (one.Content.Object("spec")?.Object("selector") is not { Count: > 0 } selector || Array.Exists(owners, one.Selects)
                || selector.Any(pair => ReviewedPods.IsPlaceholder(pair.Value?.ToString() ?? "")))
            {
                continue;
            }

            if (Meant(one, selector, owners, services) is { } owner)
            {
                yield return one.Find(
                    ManifestRule.ServiceSelectsNothing, "spec.selector", $"No pods have the labels {ReviewedPods.Text(selector)}; those of {owner.Label} have {ReviewedPods.Text(owner.PodLabels())}.");
            }
            else if (Array.Find(owners, owner => !one.SharesNamespace(owner) && one.IsBeside(owner) && LabelMatch.ByMap(selector, owner.PodLabels())) is { } elsewhere)
            {
                yield return one.Find(
                    ManifestRule.ServiceSelectsNothing, "metadata.namespace", $"It is in namespace {one.Namespace}, and the pods of {elsewhere.Label}, which it would select, are in {elsewhere.Namespace}.",
                    "Put both into the same namespace: a Service selects no pods of another one.");
            }
        }
    }

    // One that no other Service selects.
    private static ReviewedObject? Meant(ReviewedObject one, JsonObject selector, ReviewedObject[] owners, ReviewedObject[] services) =>
        Array.Find(owners, owner => owner.Kind is not ("Job" or "CronJob") && one.CouldMean(selector, owner) && !Array.Exists(services, service => service.Selects(owner)));

    private static IEnumerable<LabManifestFinding> TargetPorts(ReviewedSet set)
    {
        ReviewedObject[] owners = [.. set.PodOwners()];
        foreach (ReviewedObject one in Services(set))
        {
            ReviewedObject[] selected = [.. one.Nearest(owners.Where(one.Selects))];
            // Sidecars that are put into the pod later, and operators, bring ports of their own.
            if (selected.Length == 0 || !Array.TrueForAll(selected, owner => owner.IsBuiltIn()))
            {
                continue;
            }

            JsonObject[] open = [.. selected.SelectMany(owner => owner.Containers.Where(container => container.Stays))
                .SelectMany(container => container.Content.Objects("ports"))];
            (JsonObject Item, string Path)[] ports = [.. one.Content.Object("spec").Items("ports", "spec")];
            bool some = ports.Any(port => (port.Item.NumberOrText("targetPort") ?? port.Item.NumberOrText("port")) is { } wanted
                && Array.Exists(open, other => other.NumberOrText("containerPort") == wanted || other.Text("name") == wanted));
            foreach ((JsonObject port, string path) in ports)
            {
                bool given = port.ContainsKey("targetPort");
                if ((given ? port.NumberOrText("targetPort") : port.NumberOrText("port")) is not { } target || ReviewedPods.IsPlaceholder(target))
                {
                    continue;
                }

                string protocol = port.Text("protocol") ?? "TCP", field = path + (given ? ".targetPort" : ".port");
                bool isNumber = target.All(char.IsAsciiDigit);
                JsonObject[] same = [.. open.Where(one => (isNumber ? one.NumberOrText("containerPort") : one.Text("name")) == target)];
                if (Array.Exists(same, one => (one.Text("protocol") ?? "TCP") == protocol) || (isNumber && open.Length == 0) || !Protocols.Contains(protocol))
                {
                    continue;
                }

                string have = open.Length == 0 ? "declare none" : $"declare {string.Join(", ", open.Select(Describe).Distinct())}";
                if (same.Length > 0)
                {
                    // By its number it is sent to all the same.
                    yield return one.Find(
                        ManifestRule.TargetPortUnknown, field, $"Port {target} is {protocol} in the Service and {same[0].Text("protocol") ?? "TCP"} in the container.", "Write the same protocol in both.",
                        isNumber ? FindingSeverity.Low : null);
                }
                else
                {
                    // A number that nobody declares can be open all the same, above all where others of the Service are declared.
                    yield return one.Find(
                        ManifestRule.TargetPortUnknown, field, $"It sends to port {target}, and the containers of {string.Join(" and ", selected.Select(owner => owner.Label).Distinct())} {have}.",
                        severity: !isNumber ? null : some ? FindingSeverity.Low : FindingSeverity.Medium);
                }
            }
        }
    }

    private static string Describe(JsonObject port) =>
        $"{port.NumberOrText("containerPort")}{(port.Text("name") is { } name ? $" ({name})" : "")}{(port.Text("protocol") is { } protocol and not "TCP" ? $"/{protocol}" : "")}";

    private static IEnumerable<LabManifestFinding> Names(ReviewedSet set)
    {
        foreach (ReviewedObject one in Services(set))
        {
            (JsonObject Item, string Path)[] ports = [.. one.Content.Object("spec").Items("ports", "spec")];
            foreach ((_, string path) in ports.Length < 2 ? [] : ports.Where(port => port.Item.Text("name") is null))
            {
                yield return one.Find(ManifestRule.ServicePortNameMissing, path, $"{one.Label} has {ports.Length} ports, and this one has no name.");
            }

            HashSet<string> seen = [];
            foreach ((JsonObject port, string path) in ports)
            {
                if (port.Text("name") is { } name && !seen.Add(name))
                {
                    yield return one.Find(ManifestRule.ServicePortNameTwice, path + ".name", $"The port before is named {name}, too.");
                }
            }
        }
    }

    private static IEnumerable<LabManifestFinding> NodePorts(ReviewedSet set)
    {
        List<(ReviewedObject Service, long Number, string Protocol)> taken = [];
        foreach (ReviewedObject one in Services(set))
        {
            JsonObject? spec = one.Content.Object("spec");
            string type = spec?.Text("type") ?? "ClusterIP";
            foreach ((JsonObject port, string path) in spec.Items("ports", "spec"))
            {
                if (port.Number("nodePort") is not > 0)
                {
                    continue;
                }

                long number = port.Number("nodePort")!.Value;
                string protocol = port.Text("protocol") ?? "TCP";
                if (type is not ("NodePort" or "LoadBalancer"))
                {
                    yield return one.Find(ManifestRule.NodePortWithoutType, path + ".nodePort", $"{one.Label} is of type {type}, and has nodePort {number}.");
                }
                else if (number is < FirstNodePort or > LastNodePort)
                {
                    yield return one.Find(ManifestRule.NodePortRange, path + ".nodePort", string.Create(CultureInfo.InvariantCulture, $"The nodePort {number} is not in {FirstNodePort}-{LastNodePort}."));
                }
                else if (taken.Find(other => other.Number == number && other.Protocol == protocol && other.Service.IsBeside(one)) is { Service: { } first }
                    && (first.Name != one.Name || first.Namespace != one.Namespace || ReferenceEquals(first, one)))
                {
                    yield return one.Find(ManifestRule.NodePortTwice, path + ".nodePort", $"{(ReferenceEquals(first, one) ? "Another port of it" : first.Label)} has nodePort {number}, too.");
                }

                taken.Add((one, number, protocol));
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Types(ReviewedSet set)
    {
        foreach (ReviewedObject one in Services(set))
        {
            JsonObject spec = one.Content.Object("spec") ?? [];
            if (spec.Text("clusterIP") == "None" && spec.Text("type") is "NodePort" or "LoadBalancer")
            {
                yield return one.Find(ManifestRule.HeadlessWithType, "spec.type", $"{one.Label} has clusterIP None and type {spec.Text("type")}.");
            }

            if (spec.Text("type") == "ExternalName" && spec.Text("externalName") is { } name && IPAddress.TryParse(name, out _))
            {
                yield return one.Find(ManifestRule.ExternalNameIsAddress, "spec.externalName", $"{name} is an address, not a name.");
            }
        }
    }
}
