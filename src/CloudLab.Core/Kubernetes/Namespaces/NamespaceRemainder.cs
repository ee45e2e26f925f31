using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Namespaces;

/// <summary>What holds a namespace that is being removed: its conditions say which kinds are left and which finalizers wait.</summary>
internal static class NamespaceRemainder
{
    /// <summary>What is left in a namespace.</summary>
    /// <param name="resource">The namespace.</param>
    /// <returns>What the server says of it; null where it says nothing.</returns>
    public static string? Of(JsonObject resource)
    {
        // All but those about what went well; failures first, since what is left follows from them.
        string[] says =
        [
            .. from condition in resource.Object("status")?.Objects("conditions") ?? []
               where condition.Text("status") == "True" && condition.Text("message") is not null
               let type = condition.Text("type") ?? ""
               orderby type.EndsWith("Remaining", StringComparison.Ordinal)
               select condition.Text("message")!.TrimEnd('.'),
        ];
        return says.Length == 0 ? null : string.Join("; ", says);
    }
}
