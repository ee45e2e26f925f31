using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>Whether labels are what a selector asks for.</summary>
internal static class LabelMatch
{
    /// <summary>By a map of labels, as Services and ReplicationControllers have it.</summary>
    /// <param name="selector">The map; an empty one selects everything.</param>
    /// <param name="labels">The labels; null where there are none.</param>
    /// <returns>True where every label of the map is there with its value.</returns>
    public static bool ByMap(JsonObject selector, JsonObject? labels) => selector.All(pair => labels is not null && JsonNode.DeepEquals(labels[pair.Key], pair.Value));

    /// <summary>By a label selector, as workloads, budgets and network policies have it.</summary>
    /// <param name="selector">An object with <c>matchLabels</c> and <c>matchExpressions</c>; an empty one selects everything, null nothing.</param>
    /// <param name="labels">The labels; null where there are none.</param>
    /// <returns>True where all of it holds. An operator that Kubernetes does not have selects nothing.</returns>
    public static bool BySelector(JsonObject? selector, JsonObject? labels) =>
        selector is not null && ByMap(selector.Object("matchLabels") ?? [], labels) && selector.Objects("matchExpressions").All(one => Holds(one, labels ?? []));

    private static bool Holds(JsonObject expression, JsonObject labels)
    {
        string? value = expression.Text("key") is { } key && labels[key] is JsonValue text ? text.ToString() : null;
        return expression.Text("operator") switch
        {
            "In" => value is not null && expression.Texts("values").Contains(value),
            // A label that is not there is not among the values either.
            "NotIn" => value is null || !expression.Texts("values").Contains(value),
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            _ => false,
        };
    }
}
