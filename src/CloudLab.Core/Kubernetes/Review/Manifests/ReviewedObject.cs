using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Common.Yaml;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>A container of a pod template and where it is: <c>spec.template.spec.containers[0]</c>.</summary>
/// <param name="Content">The container.</param>
/// <param name="Path">Its path in the object.</param>
/// <param name="IsInit">Whether it is one of initContainers.</param>
internal sealed record ReviewedContainer(JsonObject Content, string Path, bool IsInit)
{
    /// <summary>Its name, or its path where it has none.</summary>
    public string Name => Content.Text("name") ?? Path;

    /// <summary>Whether it runs as long as the pod: a container, or a sidecar among initContainers.</summary>
    public bool Stays => !IsInit || Content.Text("restartPolicy") == "Always";
}

/// <summary>An object that is reviewed, and where each of its fields stands. Rules read it and change nothing in it.</summary>
/// <param name="item">The object as it was read.</param>
internal sealed class ReviewedObject(ManifestItem item)
{
    /// <summary>The object.</summary>
    public JsonObject Content => item.Content;

    /// <summary>Full path of its file; null for what came as text or as an object.</summary>
    public string? File { get; } = Path.IsPathRooted(item.Source) ? item.Source : null;

    /// <summary>Group and version: <c>apps/v1</c>.</summary>
    public string ApiVersion { get; } = item.ApiVersion;

    /// <summary>Group; empty for the core group.</summary>
    public string Group { get; } = item.Group;

    /// <summary>Kind: <c>Deployment</c>.</summary>
    public string Kind { get; } = item.Kind;

    /// <summary>Name; where the server is to make one up, what it begins with.</summary>
    public string Name { get; } = item.Name;

    /// <summary>Namespace in the manifest; null where it names none.</summary>
    public string? Namespace { get; } = item.Namespace;

    /// <summary>How messages name it: <c>Deployment web</c>.</summary>
    public string Label => $"{Kind} {Name}";

    /// <summary>The pod template: the object itself for a Pod; null where it describes no pods.</summary>
    public JsonObject? Template { get; } = item.Kind == "Pod" ? item.Content : PodTemplate.Of(item.Content);

    /// <summary>Path of the pod template: empty for a Pod, <c>spec.template</c>, <c>spec.jobTemplate.spec.template</c>.</summary>
    public string TemplatePath { get; } = item.Kind == "Pod" ? ""
        : item.Content.Object("spec")?.Object("jobTemplate")?.Object("spec")?.Object("template") is not null ? "spec.jobTemplate.spec.template" : "spec.template";

    /// <summary>The spec of the pods; null where it describes none.</summary>
    public JsonObject? PodSpec => PodTemplate.SpecOf(Kind, Content);

    /// <summary>Path of <see cref="PodSpec"/>.</summary>
    public string PodSpecPath => TemplatePath.Length == 0 ? "spec" : TemplatePath + ".spec";

    /// <summary>Containers of the pods, those that initialize first.</summary>
    public IReadOnlyList<ReviewedContainer> Containers => field ??=
    [
        .. new[] { "initContainers", "containers" }.SelectMany(list => (PodSpec?[list] as JsonArray ?? [])
            .Select((one, i) => one is JsonObject container ? new ReviewedContainer(container, $"{PodSpecPath}.{list}[{i}]", list == "initContainers") : null).OfType<ReviewedContainer>()),
    ];

    /// <summary>Whether it is a patch that kustomize merges into another object: it has only some of the fields.</summary>
    public bool IsPatch => item.IsPatch;

    /// <summary>Whether a kustomization beside it may add selectors to it.</summary>
    public bool IsKustomized => item.IsKustomized;

    /// <summary>Whether it has a name, not only the beginning of one.</summary>
    public bool HasName => item.HasName;

    /// <summary>Keys that stand twice in its document.</summary>
    public IReadOnlyList<DuplicateKey> Duplicates => item.Duplicates;

    /// <summary>Comments of its source that switch rules off.</summary>
    public IgnoreComments? Comments => item.Comments;

    /// <summary>Where a field stands; where it does not exist, the nearest field around it.</summary>
    /// <param name="path">Path of the field: <c>spec.ports[0].name</c>, <c>metadata.labels["a.b/c"]</c>.</param>
    /// <returns>Line and column, from 1; zeros for what was not read from text.</returns>
    public SourceMark At(string path)
    {
        SourceMark at = item.Map is null ? default : item.Start ?? default;
        JsonNode? node = Content;
        foreach (string step in Steps(path))
        {
            SourceMark? found = null;
            if (node is JsonObject map && map.TryGetPropertyValue(step, out JsonNode? value))
            {
                (found, node) = (item.Map?.Of(map, step), value);
            }
            else if (node is JsonArray list && int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < list.Count)
            {
                (found, node) = (item.Map?.Of(list, index), list[index]);
            }
            else
            {
                break;
            }

            at = found ?? at;
        }

        return at;
    }

    /// <summary>Makes a finding of it.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="path">Path of the field; of one that is missing, too: <c>spec.ports[0].name</c>; empty for the object as a whole.</param>
    /// <param name="message">What is wrong, one sentence with its full stop.</param>
    /// <param name="action">What to do; what the rule says if null.</param>
    /// <param name="severity">Where it differs from that of the rule.</param>
    /// <returns>The finding.</returns>
    public LabManifestFinding Find(ManifestRule rule, string path, string message, string? action = null, FindingSeverity? severity = null)
    {
        SourceMark at = At(path);
        return new()
        {
            File = File, Line = at.Line, Column = at.Column, Rule = rule.Id, Severity = severity ?? rule.Severity, Kind = Kind, Namespace = Namespace, Name = Name,
            Path = path, Message = message, Action = action ?? rule.Fix,
        };
    }

    private static IEnumerable<string> Steps(string path)
    {
        int i = 0;
        while (i < path.Length)
        {
            if (path[i] == '.')
            {
                i++;
            }
            else if (path[i] == '[')
            {
                bool quoted = path.AsSpan(i).StartsWith("[\"", StringComparison.Ordinal);
                int end = path.IndexOf(quoted ? "\"]" : "]", i, StringComparison.Ordinal);
                if (end < 0)
                {
                    yield break;
                }

                yield return quoted ? path[(i + 2)..end] : path[(i + 1)..end];
                i = end + (quoted ? 2 : 1);
            }
            else
            {
                int end = path.AsSpan(i).IndexOfAny('.', '[');
                yield return end < 0 ? path[i..] : path.Substring(i, end);
                i = end < 0 ? path.Length : i + end;
            }
        }
    }
}
