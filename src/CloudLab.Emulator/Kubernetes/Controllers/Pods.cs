using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>What the workload controllers share about pods.</summary>
internal static class Pods
{
    private const string HashAlphabet = "bcdfghjklmnpqrstvwxz2456789";

    public static bool IsReady(JsonObject pod) => pod.Items("status", "conditions").Any(c => c.Text("type") == "Ready" && c.Text("status") == "True")
        && !IsDeleting(pod);

    public static bool IsDeleting(JsonObject pod) => pod.Text("metadata", "deletionTimestamp") is not null;

    public static bool IsActive(JsonObject pod) => !IsDeleting(pod) && pod.Text("status", "phase") is not ("Succeeded" or "Failed");

    /// <summary>Whether a pod has been ready for some time.</summary>
    public static bool IsAvailable(JsonObject pod, long minReadySeconds)
    {
        if (!IsReady(pod) || minReadySeconds == 0)
        {
            return IsReady(pod);
        }

        DateTimeOffset? since = Json.Date(pod.Items("status", "conditions").First(c => c.Text("type") == "Ready").Text("lastTransitionTime"));
        return since is { } time && DateTimeOffset.UtcNow - time >= TimeSpan.FromSeconds(minReadySeconds);
    }

    /// <summary>A pod made from the template of its owner.</summary>
    public static JsonObject FromTemplate(JsonObject owner)
    {
        JsonNode? template = owner.At("spec", "template");
        JsonObject metadata = template.Object("metadata")?.Copy() ?? [];
        metadata.Remove("name");
        metadata.Remove("creationTimestamp");
        metadata["generateName"] = Cluster.NameOf(owner) + "-";
        metadata["ownerReferences"] = new JsonArray(Cluster.Reference(owner));
        return new JsonObject { ["metadata"] = metadata, ["spec"] = template.At("spec")?.DeepClone() };
    }

    /// <summary>Creates a pod and tells its owner's events of it, or of the refusal.</summary>
    public static JsonObject Create(Cluster cluster, JsonObject owner, JsonObject pod, string component)
    {
        try
        {
            JsonObject created = cluster.Create("/pods", Cluster.NamespaceOf(owner), pod);
            cluster.Tell(owner, "Normal", "SuccessfulCreate", $"Created pod: {Cluster.NameOf(created)}", component);
            return created;
        }
        catch (ApiError error) when (IsRefusal(error))
        {
            cluster.Tell(owner, "Warning", "FailedCreate", $"Error creating: {error.Message}", component);
            throw;
        }
    }

    /// <summary>Whether a pod was refused for what it is: by a quota, a LimitRange or the validation.</summary>
    public static bool IsRefusal(ApiError error) => error.Code is 403 or 422;

    /// <summary>A short name for a template, the same for the same template.</summary>
    public static string Hash(JsonNode? template, long collisions = 0)
    {
        uint hash = 2166136261;
        foreach (byte part in Encoding.UTF8.GetBytes(Json.Line(template) + collisions))
        {
            hash = (hash ^ part) * 16777619;
        }

        StringBuilder text = new();
        foreach (char digit in hash.ToString(System.Globalization.CultureInfo.InvariantCulture))
        {
            text.Append(HashAlphabet[digit % HashAlphabet.Length]);
        }

        return text.ToString();
    }

    /// <summary>Whole number or percentage of a total.</summary>
    public static long Share(JsonNode? value, long total, bool up, long fallback)
    {
        if (value.Text() is { } text && text.EndsWith('%') && int.TryParse(text[..^1], out int percent))
        {
            return up ? ((total * percent) + 99) / 100 : total * percent / 100;
        }

        return value.Number() ?? fallback;
    }
}
