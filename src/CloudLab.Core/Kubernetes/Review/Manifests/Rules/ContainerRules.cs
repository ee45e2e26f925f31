using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Review.Manifests.Rules;

/// <summary>Rules about containers: images, probes, commands, variables, and the volumes that they mount.</summary>
internal static partial class ContainerRules
{
    private static readonly string[] Probes = ["livenessProbe", "readinessProbe", "startupProbe"];
    private static readonly string[] Handlers = ["exec", "httpGet", "tcpSocket", "grpc"];

    /// <summary>The checks.</summary>
    internal static IReadOnlyList<ManifestCheck> Checks { get; } = [Images, MissingProbes, AllProbes, Commands, Variables, Volumes];

    private static IEnumerable<LabManifestFinding> Images(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners())
        {
            foreach (ReviewedContainer container in one.Containers)
            {
                // Names in capitals, ko:// and 'auto' are filled in by tools.
                string image = container.Content.Text("image") ?? "";
                if (ReviewedPods.IsPlaceholder(image) || !Image().IsMatch(image) || (image == "auto" && container.Name == "istio-proxy"))
                {
                    continue;
                }

                string name = image[(image.LastIndexOf('/') + 1)..];
                int colon = name.IndexOf(':', StringComparison.Ordinal);
                if (!name.Contains('@', StringComparison.Ordinal) && colon < 0)
                {
                    yield return one.Find(ManifestRule.ImageTagMissing, container.Path + ".image", $"The image {image} has no tag.");
                }
                else if (name[(colon + 1)..] == "latest")
                {
                    yield return one.Find(ManifestRule.ImageTagLatest, container.Path + ".image", $"The image {image} is used by the tag latest.");
                }
            }
        }
    }

    private static IEnumerable<LabManifestFinding> MissingProbes(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners().Where(one => one.IsBuiltIn() && !one.RunsToEnd()))
        {
            ReviewedObject[] services = [.. set.OfKind("Service").Where(service => service.Group.Length == 0 && one.IsBeside(service) && service.Selects(one))];
            foreach (ReviewedContainer container in one.Containers.Where(container => !container.IsInit))
            {
                if (container.Content["livenessProbe"] is null)
                {
                    yield return one.Find(ManifestRule.LivenessProbeMissing, container.Path, $"Container {container.Name} has no livenessProbe.");
                }

                if (container.Content["readinessProbe"] is null && services.FirstOrDefault(service => Serves(service, one, container)) is { } used)
                {
                    yield return one.Find(ManifestRule.ReadinessProbeMissing, container.Path, $"Container {container.Name} has no readinessProbe, and {used.Label} sends it requests.");
                }
            }
        }
    }

    // The one container of a pod, or the one of several that has the port.
    private static bool Serves(ReviewedObject service, ReviewedObject owner, ReviewedContainer container) =>
        owner.Containers.Count(other => !other.IsInit) == 1
        || (service.Content.Object("spec")?.Objects("ports") ?? []).Any(port =>
        {
            string? target = port.NumberOrText("targetPort") ?? port.NumberOrText("port");
            return container.Content.Objects("ports").Any(open => open.Text("name") == target || open.NumberOrText("containerPort") == target);
        });

    private static IEnumerable<LabManifestFinding> AllProbes(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners())
        {
            foreach (ReviewedContainer container in one.Containers)
            {
                foreach (string field in Probes)
                {
                    if (container.Content.Object(field) is { } probe)
                    {
                        foreach (LabManifestFinding finding in Probe(one, container, field, probe))
                        {
                            yield return finding;
                        }
                    }
                }

                foreach (string hook in new[] { "preStop", "postStart" })
                {
                    if (container.Content.Object("lifecycle")?.Object(hook) is { } handler && PortName(container, handler) is { } unknown)
                    {
                        yield return one.Find(ManifestRule.PortNameUnknown, $"{container.Path}.lifecycle.{hook}.{unknown.Path}", $"Container {container.Name} declares no port named {unknown.Name}.");
                    }
                }

                if (container.Content.Object("livenessProbe") is { } alive && container.Content.Object("readinessProbe") is { } ready && IsSame(alive, ready))
                {
                    yield return one.Find(ManifestRule.ProbesIdentical, container.Path + ".livenessProbe", $"livenessProbe and readinessProbe of {container.Name} are the same.");
                }
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Probe(ReviewedObject one, ReviewedContainer container, string field, JsonObject probe)
    {
        string path = $"{container.Path}.{field}";
        string[] handlers = [.. Handlers.Where(probe.ContainsKey)];
        if (handlers.Length != 1)
        {
            // Custom resources fill in what is missing.
            if (one.IsBuiltIn())
            {
                yield return one.Find(
                    ManifestRule.ProbeInvalid, path,
                    handlers.Length == 0 ? $"The {field} of {container.Name} does not say how to ask." : $"The {field} of {container.Name} has {string.Join(" and ", handlers)}.");
            }
        }
        else if (field != "readinessProbe" && probe.Number("successThreshold") is { } times and not 1)
        {
            yield return one.Find(ManifestRule.ProbeInvalid, path + ".successThreshold", $"The {field} of {container.Name} has successThreshold {times}.", "Leave successThreshold out.");
        }

        if (PortName(container, probe) is { } unknown)
        {
            yield return one.Find(ManifestRule.PortNameUnknown, $"{path}.{unknown.Path}", $"Container {container.Name} declares no port named {unknown.Name}.");
        }

        if (probe.Number("timeoutSeconds") is { } timeout && timeout > (probe.Number("periodSeconds") ?? 10))
        {
            yield return one.Find(
                ManifestRule.ProbeTimeout, path + ".timeoutSeconds",
                string.Create(CultureInfo.InvariantCulture, $"The {field} of {container.Name} has timeoutSeconds {timeout} and periodSeconds {probe.Number("periodSeconds") ?? 10}."));
        }
    }

    private static (string Name, string Path)? PortName(ReviewedContainer container, JsonObject handler)
    {
        foreach (string how in new[] { "httpGet", "tcpSocket" })
        {
            if (handler.Object(how)?.Text("port") is { } port && !ReviewedPods.IsPlaceholder(port) && !port.All(char.IsAsciiDigit)
                && !container.Content.Objects("ports").Any(open => open.Text("name") == port))
            {
                return (port, how + ".port");
            }
        }

        return null;
    }

    // A startup probe holds both back until the program is up; when they begin says nothing about how they go on.
    private static bool IsSame(JsonObject alive, JsonObject ready) =>
        Handlers.All(handler => JsonNode.DeepEquals(alive[handler], ready[handler])) && Handlers.Any(alive.ContainsKey)
        && Count(alive, "periodSeconds", 10) == Count(ready, "periodSeconds", 10) && Count(alive, "failureThreshold", 3) == Count(ready, "failureThreshold", 3);

    private static long Count(JsonObject probe, string field, long missing) => probe.Number(field) ?? missing;

    private static IEnumerable<LabManifestFinding> Commands(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners())
        {
            foreach (ReviewedContainer container in one.Containers)
            {
                if (container.Content.Texts("command") is [var program, ..] && program.Trim().Contains(' ', StringComparison.Ordinal) && !ReviewedPods.IsPlaceholder(program))
                {
                    yield return one.Find(ManifestRule.CommandInOneString, container.Path + ".command[0]", $"The command of {container.Name} begins with an item that has spaces in it.");
                }
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Variables(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners())
        {
            foreach (ReviewedContainer container in one.Containers)
            {
                (JsonObject Item, string Path)[] variables = [.. container.Content.Items("env", container.Path)];
                for (int i = 0; i < variables.Length; i++)
                {
                    HashSet<string> before = [.. variables[..i].Select(variable => variable.Item.Text("name")).OfType<string>()];
                    // Variables of envFrom come first, and may have the name.
                    string? later = container.Content["envFrom"] is not null ? null : Reference().Matches(variables[i].Item.Text("value") ?? "")
                        .Select(match => match.Groups["name"].Value)
                        .FirstOrDefault(name => !before.Contains(name) && variables[(i + 1)..].Any(variable => variable.Item.Text("name") == name));
                    if (later is not null)
                    {
                        yield return one.Find(
                            ManifestRule.EnvReferenceTooEarly, variables[i].Path + ".value", $"{variables[i].Item.Text("name")} uses {later}, which is defined after it.", $"Move {later} above {variables[i].Item.Text("name")}.");
                    }
                }
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Volumes(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners().Where(one => one.IsBuiltIn()))
        {
            (string? Name, string Path)[] volumes = [.. one.PodSpec.Items("volumes", one.PodSpecPath).Select(pair => (pair.Item.Text("name"), pair.Path))];
            HashSet<string> known = [.. volumes.Select(volume => volume.Name).OfType<string>()];
            if (one.Kind == "StatefulSet")
            {
                known.UnionWith((one.Content.Object("spec")?.Objects("volumeClaimTemplates") ?? []).Select(claim => claim.Object("metadata")?.Text("name")).OfType<string>());
            }

            HashSet<string> used = [];
            foreach (ReviewedContainer container in one.Containers)
            {
                foreach ((JsonObject mount, string path) in container.Content.Items("volumeMounts", container.Path).Concat(container.Content.Items("volumeDevices", container.Path)))
                {
                    if (mount.Text("name") is { } name && used.Add(name) | true && !known.Contains(name) && !ReviewedPods.IsPlaceholder(name))
                    {
                        yield return one.Find(
                            ManifestRule.VolumeMountUnknown, path + ".name",
                            $"{one.Label} has no volume {name}{(NearestNames.Find(name, known) is { } near ? $", but {near}" : "")}.");
                    }
                }
            }

            // What a sidecar mounts that is put into the pod later.
            foreach ((string? name, string path) in volumes.Where(volume => volume.Name is not null && !used.Contains(volume.Name) && !volume.Name.StartsWith("gke-gcsfuse", StringComparison.Ordinal)))
            {
                yield return one.Find(ManifestRule.VolumeUnused, path, $"No container mounts the volume {name}.");
            }
        }
    }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9._/-]*(?::[0-9]+/[a-z0-9._/-]+)?(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?(?:@[A-Za-z0-9+._-]+:[0-9a-fA-F]+)?$")]
    private static partial Regex Image();

    [GeneratedRegex(@"(?<!\$)\$\((?<name>[A-Za-z_][A-Za-z0-9_.-]*)\)")]
    private static partial Regex Reference();
}
