using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>What several kinds have in common, as text.</summary>
internal static class ResourceParts
{
    /// <summary>A time.</summary>
    /// <param name="text">As the server writes it.</param>
    /// <returns>The time in UTC, or null.</returns>
    public static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time)
            ? time
            : null;

    /// <summary>An object without the values of a Secret, which kubectl also writes into an annotation.</summary>
    /// <param name="resource">The object.</param>
    /// <returns>The object itself; of a Secret, a copy.</returns>
    public static JsonObject WithoutValues(JsonObject resource)
    {
        if (resource.Text("kind") != "Secret")
        {
            return resource;
        }

        JsonObject copy = (JsonObject)resource.DeepClone();
        copy.Remove("data");
        copy.Object("metadata")?.Object("annotations")?.Remove(FieldTakeOver.LastApplied);
        return copy;
    }

    /// <summary>The pod template of an object, or the pod itself.</summary>
    /// <param name="resource">The object.</param>
    /// <returns>What has a pod's spec; null where the kind runs no pods.</returns>
    public static JsonObject? PodSpec(JsonObject resource)
    {
        JsonObject? spec = resource.Object("spec");
        return resource.Text("kind") == "Pod" || spec?["containers"] is not null ? spec
            : PodTemplate.Of(resource)?.Object("spec");
    }

    /// <summary>Images of the containers of a pod or a workload.</summary>
    /// <param name="resource">The object.</param>
    /// <returns>The images in order.</returns>
    public static TextList<string> Images(JsonObject resource) =>
        [.. (PodSpec(resource)?.Objects("containers") ?? []).Select(container => container.Text("image")).OfType<string>()];

    /// <summary>The controller that made an object.</summary>
    /// <param name="resource">The object.</param>
    /// <returns>Kind and name, or null.</returns>
    public static string? Owner(JsonObject resource)
    {
        List<JsonObject> owners = [.. resource.Object("metadata")?.Objects("ownerReferences") ?? []];
        return (owners.Find(owner => owner.Flag("controller")) ?? owners.FirstOrDefault()) is { } found ? $"{found.Text("kind")}/{found.Text("name")}" : null;
    }

    /// <summary>Labels as a selector.</summary>
    /// <param name="labels">The labels.</param>
    /// <returns><c>app=movies,tier=web</c>; null where there are none.</returns>
    public static string? Labels(JsonObject? labels) =>
        labels is { Count: > 0 } ? string.Join(',', labels.Select(label => $"{label.Key}={label.Value}")) : null;

    /// <summary>A label selector as text.</summary>
    /// <param name="selector">The selector.</param>
    /// <returns>What <c>-LabelSelector</c> takes; null where it selects everything.</returns>
    public static string? Selector(JsonObject? selector)
    {
        IEnumerable<string> all = (selector?.Object("matchLabels") ?? []).Select(label => $"{label.Key}={label.Value}")
            .Concat((selector?.Objects("matchExpressions") ?? []).Select(Expression));
        string text = string.Join(',', all);
        return text.Length == 0 ? null : text;
    }

    /// <summary>The selector of a workload or service as text.</summary>
    /// <param name="resource">The object.</param>
    /// <returns>What <c>-LabelSelector</c> takes; null where it has none, or one that selects everything.</returns>
    public static string? SelectorOf(JsonObject resource)
    {
        JsonObject? selector = resource.Object("spec")?.Object("selector");

        // Services and replication controllers have plain labels there.
        return selector?.ContainsKey("matchLabels") == true || selector?.ContainsKey("matchExpressions") == true ? Selector(selector) : Labels(selector);
    }

    /// <summary>Access modes in short.</summary>
    /// <param name="spec">Spec of a volume or a claim.</param>
    /// <returns><c>RWO</c> and the like.</returns>
    public static TextList<string> AccessModes(JsonObject spec) =>
    [
        .. spec.Texts("accessModes").Select(mode => mode switch
        {
            "ReadWriteOnce" => "RWO",
            "ReadOnlyMany" => "ROX",
            "ReadWriteMany" => "RWX",
            "ReadWriteOncePod" => "RWOP",
            _ => mode,
        }),
    ];

    private static string Expression(JsonObject expression)
    {
        string key = expression.Text("key") ?? "", values = string.Join(',', expression.Texts("values"));
        return expression.Text("operator") switch
        {
            "In" => $"{key} in ({values})",
            "NotIn" => $"{key} notin ({values})",
            "Exists" => key,
            _ => "!" + key,
        };
    }
}
