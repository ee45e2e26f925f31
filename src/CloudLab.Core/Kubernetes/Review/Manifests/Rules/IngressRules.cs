using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Review.Manifests.Rules;

/// <summary>Rules about Ingresses.</summary>
internal static partial class IngressRules
{
    private const string ClassAnnotation = "kubernetes.io/ingress.class";

    /// <summary>The checks.</summary>
    internal static IReadOnlyList<ManifestCheck> Checks { get; } = [Backends, Classes, Paths, Routes, TlsHosts];

    private static IEnumerable<ReviewedObject> Ingresses(ReviewedSet set) => set.OfKind("Ingress").Where(one => one.Group == "networking.k8s.io");

    private static IEnumerable<(JsonObject Rule, string RulePath, JsonObject Path, string Place)> AllPaths(ReviewedObject one) => one.Content.Object("spec").Items("rules", "spec")
        .SelectMany(rule => rule.Item.Object("http").Items("paths", rule.Path + ".http").Select(path => (rule.Item, rule.Path, path.Item, path.Path)));

    private static IEnumerable<LabManifestFinding> Backends(ReviewedSet set)
    {
        ReviewedObject[] services = [.. set.OfKind("Service").Where(one => one.Group.Length == 0)];
        foreach (ReviewedObject one in Ingresses(set))
        {
            IEnumerable<(JsonObject? Backend, string Path)> backends = AllPaths(one).Select(found => (found.Path.Object("backend"), found.Place + ".backend"))
                .Append((one.Content.Object("spec")?.Object("defaultBackend"), "spec.defaultBackend"));
            foreach ((JsonObject? backend, string path) in backends)
            {
                if (backend?.Object("service") is not { } service || service.Text("name") is not { } name || ReviewedPods.IsPlaceholder(name))
                {
                    continue;
                }

                JsonObject port = service.Object("port") ?? [];
                // The controllers of some clouds make an action of an annotation here.
                if (port.Text("name") == "use-annotation")
                {
                    continue;
                }

                IReadOnlyList<ReviewedObject> named = one.Nearest(services.Where(other => other.Name == name));
                ReviewedObject[] beside = [.. services.Where(other => one.IsBeside(other) && one.SharesNamespace(other))];
                if (named.Count == 0)
                {
                    if (Array.Find(beside, other => ReviewedPods.IsSlip(name, other.Name)) is { } near)
                    {
                        yield return one.Find(ManifestRule.IngressServiceMissing, path + ".service.name", $"There is no Service {name}, but {near.Name}.");
                    }
                    else if (beside is [var only] && beside[0].File == one.File)
                    {
                        yield return one.Find(ManifestRule.IngressServiceMissing, path + ".service.name", $"There is no Service {name}, but {only.Name}.");
                    }
                    else if (Array.Find(services, other => other.Name == name && one.IsBeside(other)) is { } elsewhere)
                    {
                        yield return one.Find(
                            ManifestRule.IngressServiceMissing, path + ".service.name", $"Service {name} is in namespace {elsewhere.Namespace}, and the Ingress in {one.Namespace}.", "Put the Ingress into the namespace of the Service.");
                    }
                }
                else if ((port.NumberOrText("number") ?? port.Text("name")) is { } wanted && !ReviewedPods.IsPlaceholder(wanted)
                    && named.All(other => other.Content.Object("spec")?.Text("type") != "ExternalName" && !(other.Content.Object("spec")?.Objects("ports") ?? []).Any(open =>
                        (port.ContainsKey("number") ? open.NumberOrText("port") : open.Text("name")) == wanted)))
                {
                    string[] have = [.. (named[0].Content.Object("spec")?.Objects("ports") ?? []).Select(open => $"{open.NumberOrText("port")}{(open.Text("name") is { } its ? $" ({its})" : "")}")];
                    yield return one.Find(
                        ManifestRule.IngressPortMissing, path + ".service.port", $"Service {name} has no port {wanted}{(have.Length > 0 ? $", but {string.Join(", ", have)}" : "")}.");
                }
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Classes(ReviewedSet set)
    {
        foreach (ReviewedObject one in Ingresses(set).Where(one => one.Annotations().ContainsKey(ClassAnnotation)))
        {
            string path = $"metadata.annotations[\"{ClassAnnotation}\"]", name = one.Annotations()[ClassAnnotation]?.ToString() ?? "";
            if (one.Content.Object("spec")?.Text("ingressClassName") is { } field)
            {
                yield return one.Find(ManifestRule.IngressClassTwice, path, $"{one.Label} has class {name} in the annotation, and {field} in ingressClassName.");
            }
            else
            {
                yield return one.Find(ManifestRule.IngressClassAnnotation, path, $"{one.Label} has its class, {name}, in the annotation.", $"Write ingressClassName: {name} into spec, and remove the annotation.");
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Paths(ReviewedSet set)
    {
        foreach (ReviewedObject one in Ingresses(set))
        {
            foreach ((_, _, JsonObject path, string place) in AllPaths(one))
            {
                if (path.Text("pathType") is "Exact" or "Prefix" && path["path"] is JsonValue value && value.ToString() is var text && !text.StartsWith('/') && !ReviewedPods.IsPlaceholder(text))
                {
                    yield return one.Find(ManifestRule.IngressPathInvalid, place + ".path", $"The path '{text}' does not begin with /.");
                }
            }

            foreach ((JsonObject rule, string place) in one.Content.Object("spec").Items("rules", "spec"))
            {
                if (rule.Text("host") is { } host && !ReviewedPods.IsPlaceholder(host) && !Host().IsMatch(host))
                {
                    yield return one.Find(ManifestRule.IngressPathInvalid, place + ".host", $"'{host}' is not the name of a host{(host.Any(char.IsAsciiLetterUpper) ? " in lower case" : "")}.");
                }
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Routes(ReviewedSet set)
    {
        List<(ReviewedObject Ingress, string Key)> seen = [];
        foreach (ReviewedObject one in Ingresses(set))
        {
            string type = one.Content.Object("spec")?.Text("ingressClassName") ?? one.Annotations()[ClassAnnotation]?.ToString() ?? "";
            // A canary, and the parts of a merged Ingress, share routes; annotations can tell requests apart in other ways, too.
            if (one.Annotations().Any(pair => pair.Key.Contains("canary", StringComparison.Ordinal) || pair.Key.Contains("mergeable", StringComparison.Ordinal) || pair.Key.Contains("router.", StringComparison.Ordinal)
                || pair.Key.Contains("conditions.", StringComparison.Ordinal) || pair.Key.Contains("group.name", StringComparison.Ordinal)))
            {
                continue;
            }

            foreach ((JsonObject rule, _, JsonObject path, string place) in AllPaths(one))
            {
                string host = rule.Text("host") ?? "*", text = path.Text("path") ?? "/", key = string.Join('\n', type, host, text, path.Text("pathType"));
                if (ReviewedPods.IsPlaceholder(host))
                {
                    continue;
                }

                ReviewedObject? first = seen.Find(other => other.Key == key && (ReferenceEquals(other.Ingress, one)
                    || (other.Ingress.IsBeside(one) && IsTogether(other.Ingress, one) && (other.Ingress.Name != one.Name || other.Ingress.Namespace != one.Namespace)))).Ingress;
                if (first is not null)
                {
                    yield return one.Find(ManifestRule.DuplicateRoute, place, $"{(ReferenceEquals(first, one) ? "It" : first.Label)} leads {host}{text} somewhere already.");
                }

                seen.Add((one, key));
            }
        }
    }

    // Files of one folder without a host are often alternatives.
    private static bool IsTogether(ReviewedObject one, ReviewedObject other) =>
        one.File == other.File || one.Content.Object("spec")!.Objects("rules").All(rule => rule["host"] is not null);

    private static IEnumerable<LabManifestFinding> TlsHosts(ReviewedSet set)
    {
        foreach (ReviewedObject one in Ingresses(set))
        {
            string[] hosts = [.. (one.Content.Object("spec")?.Objects("rules") ?? []).Select(rule => rule.Text("host")).OfType<string>()];
            foreach ((JsonObject tls, string path) in one.Content.Object("spec").Items("tls", "spec"))
            {
                IReadOnlyList<string> named = tls.Texts("hosts");
                for (int i = 0; i < named.Count && hosts.Length > 0; i++)
                {
                    string host = named[i];
                    if (!ReviewedPods.IsPlaceholder(host) && !hosts.Any(other => other == host || Covers(host, other) || Covers(other, host) || ReviewedPods.IsPlaceholder(other)))
                    {
                        yield return one.Find(ManifestRule.TlsHostUnused, $"{path}.hosts[{i}]", $"The host {host} is in no rule; the rules have {string.Join(", ", hosts.Distinct())}.");
                    }
                }
            }
        }
    }

    private static bool Covers(string wildcard, string host) => wildcard.StartsWith("*.", StringComparison.Ordinal) && host.EndsWith(wildcard[1..], StringComparison.Ordinal);

    [GeneratedRegex(@"^(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$")]
    private static partial Regex Host();
}
