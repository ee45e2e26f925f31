using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>What the rules ask of the objects of a review: which describe pods, which belong together, which labels select which.</summary>
internal static partial class ReviewedPods
{
    private static readonly string[] Selecting = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"];
    private static readonly string[] Identities = ["app", "name", "k8s-app", "run", "app.kubernetes.io/name"];

    /// <summary>All objects that describe whole pods: not patches of others, which have only some of the fields.</summary>
    /// <param name="set">The review.</param>
    /// <returns>Pods, workloads, and custom resources with a pod template.</returns>
    public static IEnumerable<ReviewedObject> PodOwners(this ReviewedSet set) => set.Objects.Where(one => one.Kind != "PodTemplate" && one.PodSpec is not null && !one.IsPatch());

    /// <summary>Whether pods are run by Kubernetes itself, and not by the operator of a custom resource, which adds fields of its own.</summary>
    /// <param name="one">An object.</param>
    /// <returns>True for kinds of the core, apps and batch groups.</returns>
    public static bool IsBuiltIn(this ReviewedObject one) => one.Group is "" or "apps" or "batch" or "extensions";

    /// <summary>Whether its pods end by themselves.</summary>
    /// <param name="one">An object.</param>
    /// <returns>True for Jobs, CronJobs, and pods that are not started again.</returns>
    public static bool RunsToEnd(this ReviewedObject one) => one.Kind is "Job" or "CronJob" || (one.PodSpec?.Text("restartPolicy") is { } policy && policy != "Always");

    /// <summary>Labels of the pods.</summary>
    /// <param name="one">An object that describes pods.</param>
    /// <returns>The labels; null where there are none.</returns>
    public static JsonObject? PodLabels(this ReviewedObject one) => one.Template?.Labels();

    /// <summary>Whether two objects can be in the same namespace; one that names none goes wherever it is applied.</summary>
    /// <param name="one">An object.</param>
    /// <param name="other">Another one.</param>
    /// <returns>True unless both name different namespaces.</returns>
    public static bool SharesNamespace(this ReviewedObject one, ReviewedObject other) => one.Namespace is null || other.Namespace is null || one.Namespace == other.Namespace;

    /// <summary>Whether two objects belong together: in the same folder, or from the pipeline.</summary>
    /// <param name="one">An object.</param>
    /// <param name="other">Another one.</param>
    /// <returns>True where their files are side by side.</returns>
    public static bool IsBeside(this ReviewedObject one, ReviewedObject other) =>
        one.File == other.File || (one.File is not null && other.File is not null && Path.GetDirectoryName(one.File.AsSpan()).SequenceEqual(Path.GetDirectoryName(other.File.AsSpan())));

    /// <summary>Those of some objects that an object means: a folder of variants has the same names in each of them.</summary>
    /// <param name="one">The object.</param>
    /// <param name="others">Objects that it may mean.</param>
    /// <returns>Those in the same file, else those in the same folder, else all of them; only such as can be in its namespace.</returns>
    public static IReadOnlyList<ReviewedObject> Nearest(this ReviewedObject one, IEnumerable<ReviewedObject> others)
    {
        ReviewedObject[] all = [.. others.Where(one.SharesNamespace)];
        ReviewedObject[] near = [.. all.Where(other => other.File == one.File)];
        near = near.Length > 0 ? near : [.. all.Where(one.IsBeside)];
        return near.Length > 0 ? near : all;
    }

    /// <summary>Whether a text is filled in by something else before it is applied.</summary>
    /// <param name="text">A value.</param>
    /// <returns>True for <c>${TAG}</c>, <c>&lt;your-image&gt;</c> and the like.</returns>
    public static bool IsPlaceholder(string text) => Placeholder().IsMatch(text);

    /// <summary>Whether a text in capitals says what is to be written instead of it; only for what could not be such a text.</summary>
    /// <param name="text">A value.</param>
    /// <returns>True for <c>YOUR_API_TOKEN</c> and the like, and for the bare <c>_</c> that kustomize replaces.</returns>
    public static bool IsStandIn(string text) => text == "_" || StandIn().IsMatch(text);

    /// <summary>Labels in a sentence.</summary>
    /// <param name="labels">Labels.</param>
    /// <returns><c>app=web,tier=front</c>.</returns>
    public static string Text(JsonObject? labels) => labels is { Count: > 0 } ? string.Join(',', labels.Select(label => $"{label.Key}={label.Value}")) : "no labels";

    /// <summary>The objects of a list with their paths.</summary>
    /// <param name="map">The object that has the list.</param>
    /// <param name="field">Field.</param>
    /// <param name="path">Path of the object; empty for the whole one.</param>
    /// <returns>Each object of the list and its path.</returns>
    public static IEnumerable<(JsonObject Item, string Path)> Items(this JsonObject? map, string field, string path) =>
        (map?[field] as JsonArray ?? []).Select((item, i) => (Item: item as JsonObject, Path: $"{path}{(path.Length > 0 ? "." : "")}{field}[{i}]"))
            .Where(pair => pair.Item is not null).Select(pair => (pair.Item!, pair.Path));

    /// <summary>A number or a text that is a whole number.</summary>
    /// <param name="map">The object.</param>
    /// <param name="field">Field: an IntOrString.</param>
    /// <returns>What is written there; null where it is missing or neither.</returns>
    public static string? NumberOrText(this JsonObject map, string field) => map[field] is JsonValue value ? value.ToString() : null;

    /// <summary>The annotations of an object.</summary>
    /// <param name="one">The object.</param>
    /// <returns>Its annotations; none where it has none.</returns>
    public static JsonObject Annotations(this ReviewedObject one) => one.Content.Object("metadata")?.Object("annotations") ?? [];

    /// <summary>Whether the pods of an object are what a Service selects.</summary>
    /// <param name="service">The Service.</param>
    /// <param name="owner">An object that describes pods.</param>
    /// <returns>False also for a Service without a selector.</returns>
    public static bool Selects(this ReviewedObject service, ReviewedObject owner) =>
        service.Content.Object("spec")?.Object("selector") is { Count: > 0 } selector && service.SharesNamespace(owner) && LabelMatch.ByMap(selector, owner.PodLabels());

    /// <summary>Whether a name is another one with a slip of the keyboard.</summary>
    /// <param name="name">What is written.</param>
    /// <param name="other">What exists.</param>
    /// <returns>True where a letter or two differ; numbers that differ are meant.</returns>
    public static bool IsSlip(string? name, string? other) => name is not null && other is not null && name != other
        && NearestNames.Distance(name, other) <= (Math.Min(name.Length, other.Length) < 8 ? 1 : 2)
        && string.Concat(name.Where(char.IsAsciiDigit)) == string.Concat(other.Where(char.IsAsciiDigit));

    /// <summary>Whether labels that select nothing could be meant for the pods of a workload.</summary>
    /// <param name="one">The object that selects.</param>
    /// <param name="labels">The labels that it asks for.</param>
    /// <param name="owner">An object that describes pods beside it.</param>
    /// <returns>True where the names are the same, or one label differs by a slip or beside the same application.</returns>
    public static bool CouldMean(this ReviewedObject one, JsonObject labels, ReviewedObject owner)
    {
        if (!one.IsBeside(owner) || !one.SharesNamespace(owner))
        {
            return false;
        }

        JsonObject have = owner.PodLabels() ?? [];
        string[] same = [.. labels.Where(pair => JsonNode.DeepEquals(have[pair.Key], pair.Value)).Select(pair => pair.Key)];
        string[] other = [.. labels.Where(pair => !same.Contains(pair.Key) && have.ContainsKey(pair.Key)).Select(pair => pair.Key)];
        // A label that the template does not have can be set while the pod runs: who leads, the name of the pod.
        if (same.Length > 0 && same.Length + other.Length < labels.Count)
        {
            return false;
        }

        return owner.Name == one.Name
            || (other.Length == 1 && (same.Any(Identities.Contains) || (same.Length + other.Length == labels.Count && IsSlip(labels[other[0]]?.ToString(), have[other[0]]?.ToString()))));
    }

    // A strategic merge patch has names and what is to be changed.
    private static bool IsPatch(this ReviewedObject one) =>
        one.Containers.Any(container => container.Content.Text("image") is null) || one.Containers.Count == 0
        || (Selecting.Contains(one.Kind) && one.Group == "apps" && one.Content.Object("spec")?["selector"] is null);

    [GeneratedRegex(@"\{\{|\$\{|\$\(|<[^<>]+>|%%|\[\[|__|%[A-Z][A-Z0-9_]+%|@[A-Z][A-Z0-9_]+@", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\z", RegexOptions.CultureInvariant)]
    private static partial Regex StandIn();
}
